// In the page at /connect/@provider@/redirect: the one request that ends the login.
const answer = await fetch(`@strapi@/api/auth/@provider@/callback${window.location.search}`, {
  credentials: 'include', // without it the browser keeps Strapi's session cookie back
});
