// The one request that ends the login, in the page at
// /connect/@provider@/redirect.
// A page of the same origin sends Strapi's session cookie by itself.
const answer = await fetch(`/api/auth/@provider@/callback${window.location.search}`);
