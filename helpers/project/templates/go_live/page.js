// The one request that ends the login, in the page at
// /connect/@provider@/redirect.
const callback = '@strapi@/api/auth/@provider@/callback';
const answer = await fetch(callback + window.location.search, {
  credentials: 'include', // with Strapi's session cookie
});
