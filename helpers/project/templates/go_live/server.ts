// config/env/production/server.ts: read beside config/server
// when NODE_ENV is production.
export default {
  url: '@strapi@',
  // Strapi believes what its proxy says: https, and who asks.
  // Only for a Strapi that nobody reaches but through that proxy.
  proxy: @trust@,
};
