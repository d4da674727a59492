const major = Number.parseInt(require('@strapi/strapi/package.json').version, 10);

module.exports = ({ env }) => ({
  host: env('HOST', '127.0.0.1'),
  port: env.int('PORT', 1337),
  url: env('PUBLIC_URL', ''),
  // The same switch, which Strapi 5 moved.
  proxy: major < 5 ? env.bool('PROXY', false) : { koa: env.bool('PROXY', false) },
  app: { keys: env.array('APP_KEYS') },
});
