module.exports = ({ env }) =>
  [
    'strapi::logger',
    'strapi::errors',
    'strapi::security',
    'strapi::cors',
    'strapi::poweredBy',
    'strapi::query',
    'strapi::body',
    env.bool('SESSION_MIDDLEWARE', true) && 'strapi::session',
    'strapi::favicon',
    'strapi::public',
  ].filter(Boolean);
