// next.config.js: /api and /uploads of the page's address go on to Strapi.
module.exports = {
  async rewrites() {
    return [
      { source: '/api/:path*', destination: '@behind@/api/:path*' },
      { source: '/uploads/:path*', destination: '@behind@/uploads/:path*' },
      { source: '/_health', destination: '@behind@/_health' },
    ];
  },
};
