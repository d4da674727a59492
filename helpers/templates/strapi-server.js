'use strict';

/**
 * Log in with Instagram, through the API that Meta runs today ("Instagram API with Instagram Login").
 *
 * Strapi's own `instagram` provider speaks to the Basic Display API, which Meta closed on 2024-12-04, and its
 * addresses cannot be overridden. So this file adds a provider under a name of its own. Client ID, client secret
 * and the front-end redirect URL are typed in the admin panel: Settings > Users & Permissions > Providers.
 *
 * https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
 */

const PROVIDER = 'instagram-business';
const PROFILE_URL = 'https://graph.instagram.com/me?fields=id,user_id,username,account_type';

const grantConfig = {
  key: '',
  secret: '',
  callback: '', // the redirect URL to the front end
  scope: ['instagram_business_basic'],
  scope_delimiter: ',',
  oauth: 2,
  state: true, // without it, Strapi before 5.51 does not protect the login against forged callbacks
  authorize_url: 'https://www.instagram.com/oauth/authorize',
  access_url: 'https://api.instagram.com/oauth/access_token',
};

async function fetchProfile(accessToken) {
  const response = await fetch(PROFILE_URL, { headers: { Authorization: `Bearer ${accessToken}` } });
  const body = await response.json().catch(() => null);

  if (!response.ok || !body || body.error) {
    const { message, code } = (body && body.error) || {};
    throw new Error(
      message
        ? `Instagram refused the profile: ${message} (code ${code})`
        : `Instagram answered the profile request with status ${response.status} and no explanation`
    );
  }

  // Meta's page shows the profile wrapped in a list, its server sends it flat.
  return Array.isArray(body.data) ? body.data[0] || {} : body;
}

async function authCallback({ accessToken }) {
  const { id, username } = await fetchProfile(accessToken);

  // Ids are longer than a JavaScript number is exact, so one that came as a number may be somebody else's.
  if (typeof id !== 'string' || !id) {
    throw new Error('Instagram sent no usable account id');
  }
  if (!username) {
    throw new Error('Instagram sent no username: is this a Business or Creator account?');
  }

  return {
    username,
    // Strapi finds the user by e-mail, and Instagram gives none. Usernames change hands, so an address made of the
    // username would hand this account to the name's next owner; the id stays. Mail to `.invalid` reaches nobody.
    email: `${id}@${PROVIDER}.invalid`,
  };
}

module.exports = (plugin) => {
  const { register } = plugin;

  // Providers must be known before the plugin's bootstrap, which saves them for the admin panel.
  plugin.register = (context) => {
    register(context);
    context.strapi
      .plugin('users-permissions')
      .service('providers-registry')
      .add(PROVIDER, { icon: 'instagram', enabled: false, grantConfig, authCallback });
  };

  return plugin;
};
