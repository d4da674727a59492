// In the page at /connect/@provider@/redirect: the one request that ends the login.
const callback = '@strapi@/api/auth/@provider@/callback';
const answer = await fetch(callback + window.location.search, {
  credentials: 'include', // without it the browser keeps Strapi's session cookie back
});
