/**
 * Log in with Instagram, through the API that Meta runs today ("Instagram API with Instagram Login").
 *
 * Strapi's own `instagram` provider speaks to the Basic Display API, which Meta closed on 2024-12-04, and its
 * addresses cannot be overridden. So this file adds a provider under a name of its own. Client ID, client secret
 * and the front-end redirect URL are typed in the admin panel: Settings > Users & Permissions > Providers.
 * It also answers the two requests that Meta sends when a person removes the app, or wants their data deleted.
 *
 * Strapi itself trades the code for the token, where this file cannot see Meta's answer:
 * - "Token exchange failed (400)", from 5.51 on: Strapi drops Meta's reason. Check the client secret (the one of
 *   the Instagram app, not of the Meta app) and the redirect URI.
 * - "No access_token.": the token was not at the top level of the answer. Meta's page shows it inside a list,
 *   Meta's server sends it flat, and Strapi reads only the flat one.
 *
 * https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
 * https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const PROVIDER = 'instagram-business';
const PATH = `/auth/${PROVIDER}`;
const PROFILE_URL = 'https://graph.instagram.com/me?fields=id,user_id,username,account_type';

// Seconds. Long enough for a slow delivery, too short for a request that somebody recorded to be of much use.
const MAX_AGE = 60 * 60;
const CLOCK_DIFFERENCE = 60;

const PATIENCE = 10_000; // milliseconds

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

// Strapi finds the user by e-mail, and Instagram gives none. Usernames change hands, so an address made of the
// username would hand this account to the name's next owner; the id stays. Mail to `.invalid` reaches nobody.
const emailOf = (id: string) => `${id}@${PROVIDER}.invalid`;

const findUsers = (strapi: any, id: string): Promise<any[]> =>
  strapi.db
    .query('plugin::users-permissions.user')
    .findMany({ where: { provider: PROVIDER, email: emailOf(id) } });

const userService = (strapi: any) => strapi.plugin('users-permissions').service('user');

async function fetchProfile(accessToken: string) {
  const response = await fetch(PROFILE_URL, {
    headers: { Authorization: `Bearer ${accessToken}` },
    signal: AbortSignal.timeout(PATIENCE), // a person waits meanwhile
  });
  const body: any = await response.json().catch(() => null);

  if (!response.ok || !body || body.error) {
    const { message, code } = (body && body.error) || {};
    throw new Error(
      message
        ? `Instagram refused the profile: ${message} (code ${code})`
        : `Instagram answered the profile request with status ${response.status} and no explanation`
    );
  }

  // Meta's page shows the profile wrapped in a list, its server sends it flat.
  const { id, username } = Array.isArray(body.data) ? body.data[0] || {} : body;

  // Ids are longer than a JavaScript number is exact, so one that came as a number may be somebody else's.
  if (typeof id !== 'string' || !id) {
    throw new Error('Instagram sent no usable account id');
  }
  if (!username) {
    throw new Error('Instagram sent no username: is this a Business or Creator account?');
  }
  return { id, username };
}

async function logIn(strapi: any, accessToken: string) {
  try {
    const { id, username } = await fetchProfile(accessToken);
    await letBackIn(strapi, id);
    return { username, email: emailOf(id) };
  } catch (error: any) {
    // Strapi tells the front end alone.
    strapi.log.error(`[${PROVIDER}] ${error.message}`);
    throw error;
  }
}

// Blocking ends every session at once, also those with a token that Strapi cannot revoke. A new login lifts it:
// whoever removed the app may come back. `confirmed` tells them from users whom an administrator blocked.
async function shutOut(strapi: any, id: string) {
  for (const user of await findUsers(strapi, id)) {
    if (!user.blocked) {
      await userService(strapi).edit(user.id, { blocked: true, confirmed: false });
    }
    // Strapi 4 has no session manager.
    if (strapi.sessionManager && strapi.sessionManager.hasOrigin('users-permissions')) {
      await strapi.sessionManager('users-permissions').invalidateRefreshToken(String(user.id));
    }
  }
}

async function letBackIn(strapi: any, id: string) {
  for (const user of await findUsers(strapi, id)) {
    if (user.blocked && !user.confirmed) {
      await userService(strapi).edit(user.id, { blocked: false, confirmed: true });
    }
  }
}

// If your app keeps more about a person than their user, delete that here, too.
async function deleteUser(strapi: any, id: string) {
  for (const user of await findUsers(strapi, id)) {
    await userService(strapi).remove({ id: user.id });
  }
}

async function clientSecret(strapi: any): Promise<string> {
  const providers = await strapi.store({ type: 'plugin', name: 'users-permissions', key: 'grant' }).get();
  const { secret } = (providers && providers[PROVIDER]) || {};
  return secret || process.env.INSTAGRAM_CLIENT_SECRET || '';
}

const sign = (text: string, secret: string) => createHmac('sha256', secret).update(text).digest();

const isSame = (one: Buffer, other: Buffer) => one.length === other.length && timingSafeEqual(one, other);

// A signed_request has two base64url parts: the signature, and the JSON that is signed in its encoded form.
function readSignedRequest(signedRequest: any, secret: string): string {
  const [, signature, payload] = /^([\w-]+)=*\.([\w-]+=*)$/.exec(signedRequest) || [];

  if (!payload) {
    throw new Error('Expected a form with the field signed_request');
  }
  if (!secret) {
    throw new Error('This provider has no client secret to check signed_request with');
  }
  if (!isSame(Buffer.from(signature, 'base64url'), sign(payload, secret))) {
    throw new Error('signed_request is not signed with the client secret of this provider');
  }

  // An id without quotes gets some: as a JavaScript number it would be rounded to somebody else's.
  const json = Buffer.from(payload, 'base64url').toString();
  const request = JSON.parse(json.replace(/("user_id"\s*:\s*)(\d+)/, '$1"$2"')) || {};
  const age = Date.now() / 1000 - request.issued_at;

  if (request.algorithm !== 'HMAC-SHA256') {
    throw new Error('signed_request names another algorithm than HMAC-SHA256');
  }
  if (!(age <= MAX_AGE && age >= -CLOCK_DIFFERENCE)) {
    throw new Error('signed_request is too old, or the clock of this server is wrong');
  }
  if (typeof request.user_id !== 'string' || !request.user_id) {
    throw new Error('signed_request has no user_id');
  }
  return request.user_id;
}

// The code itself proves that a deletion was done, so that nothing about the person has to be kept.
const confirmationCode = (nonce: string, secret: string) =>
  nonce + sign(`data-deletion:${nonce}`, secret).toString('hex').slice(0, 32);

const isConfirmationCode = (code: string, secret: string) =>
  secret !== '' && isSame(Buffer.from(code), Buffer.from(confirmationCode(code.slice(0, 16), secret)));

const callbacks = ({ strapi }: any) => {
  const onSignedRequest = (answer: (id: string, secret: string) => Promise<object>) => async (ctx: any) => {
    const secret = await clientSecret(strapi);
    const form = ctx.is('urlencoded') ? ctx.request.body : {};
    let id: string;
    try {
      id = readSignedRequest(form.signed_request, secret);
    } catch (error: any) {
      strapi.log.warn(`[${PROVIDER}] ${error.message}`);
      return ctx.badRequest(error.message);
    }
    ctx.body = await answer(id, secret);
  };

  return {
    deauthorize: onSignedRequest(async (id) => {
      await shutOut(strapi, id);
      return { ok: true };
    }),

    // Somebody unknown gets the same answer: nothing of theirs is left.
    deleteData: onSignedRequest(async (id, secret) => {
      await deleteUser(strapi, id);
      const code = confirmationCode(randomBytes(8).toString('hex'), secret);
      const api = strapi.config.get('server.url') + strapi.config.get('api.rest.prefix');
      return { url: `${api}${PATH}/data-deletion/${code}`, confirmation_code: code };
    }),

    async showDeletion(ctx: any) {
      const done = isConfirmationCode(ctx.params.code, await clientSecret(strapi));
      const said = done ? 'Your data has been deleted.' : 'There is no deletion with this code.';
      ctx.status = done ? 200 : 404;
      ctx.type = 'html';
      ctx.body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Data deletion</title><p>${said}`;
    },
  };
};

export default (plugin: any) => {
  const { register } = plugin;

  // Providers must be known before the plugin's bootstrap, which saves them for the admin panel.
  plugin.register = ({ strapi }: any) => {
    register({ strapi });
    const authCallback = ({ accessToken }: any) => logIn(strapi, accessToken);
    strapi
      .plugin('users-permissions')
      .service('providers-registry')
      .add(PROVIDER, { icon: 'instagram', enabled: false, grantConfig, authCallback });
  };

  // Meta signs its requests instead of logging in. They come from few addresses, hence a limit of their own.
  const rateLimit = { name: 'plugin::users-permissions.rateLimit', config: { interval: 60000, max: 100 } };
  const config = { auth: false, prefix: '', middlewares: [rateLimit] };

  plugin.controllers[PROVIDER] = callbacks;
  plugin.routes['content-api'].routes.push(
    { method: 'POST', path: `${PATH}/deauthorize`, handler: `${PROVIDER}.deauthorize`, config },
    { method: 'POST', path: `${PATH}/data-deletion`, handler: `${PROVIDER}.deleteData`, config },
    { method: 'GET', path: `${PATH}/data-deletion/:code`, handler: `${PROVIDER}.showDeletion`, config }
  );

  return plugin;
};
