// next.config.js: /api of the page's address goes on to Strapi.
module.exports = {
  async rewrites() {
    return [
      { source: '/api/:path*', destination: '@behind@/api/:path*' },
      { source: '/_health', destination: '@behind@/_health' },
    ];
  },
};
