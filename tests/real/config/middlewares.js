module.exports = ({ env }) => {
  const cors = {
    ...(env('CORS_ORIGINS') ? { origin: env.array('CORS_ORIGINS') } : {}),
    ...(env('CORS_CREDENTIALS') ? { credentials: env.bool('CORS_CREDENTIALS') } : {}),
  };
  const session = {
    ...(env('SAME_SITE') ? { sameSite: env('SAME_SITE') } : {}),
    ...(env('SECURE') ? { secure: env.bool('SECURE') } : {}),
  };
  return [
    'strapi::logger',
    'strapi::errors',
    'strapi::security',
    { name: 'strapi::cors', config: cors },
    'strapi::poweredBy',
    'strapi::query',
    'strapi::body',
    env.bool('SESSION_MIDDLEWARE', true) && { name: 'strapi::session', config: session },
    'strapi::favicon',
    'strapi::public',
  ].filter(Boolean);
};
