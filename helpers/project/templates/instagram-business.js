'use strict';

/**
 * Log in with Instagram, through the API that Meta runs today ("Instagram API with Instagram Login").
 *
 * Strapi's own `instagram` provider speaks to the Basic Display API, which Meta closed on 2024-12-04. So this
 * file adds a provider under a name of its own, whose client ID, client secret and front-end redirect URL are
 * typed in the admin panel: Settings > Users & Permissions plugin > Providers. It also answers the two
 * requests that Meta sends when a person removes the app, or wants their data deleted.
 *
 * `strapi-server` in this folder hands it the plugin. In one of your own, call it before you return the
 * plugin; both work side by side.
 *
 * Strapi itself trades the code for the token and drops Meta's reason when that fails: check the client
 * secret (the one of the Instagram app, not of the Meta app) and the redirect URI.
 *
 * https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
 * https://developers.facebook.com/docs/development/create-an-app/app-dashboard/data-deletion-callback
 */

const { createHash, createHmac, randomBytes, timingSafeEqual } = require('node:crypto');

const PROVIDER = 'instagram-business';
const PATH = `/auth/${PROVIDER}`;
const PROFILE_URL = 'https://graph.instagram.com/me?fields=id,username';

// Seconds. A signed request may be delivered late, but one that somebody recorded should soon be worthless.
const MAX_AGE = 60 * 60;
const CLOCK_DIFFERENCE = 60;
// Strapi's session cookie holds the old token for a day. Meta should stop taking that one sooner than this.
const AWAY = 10 * 60;

const PATIENCE = 10_000; // milliseconds

const RATE_LIMIT = 'plugin::users-permissions.rateLimit';
const LIMIT = { interval: 60_000, max: 100 };

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

// Strapi finds the user by e-mail, and Instagram gives none. Usernames change hands, so an address made of
// the username would hand this account to the name's next owner; the id stays. Mail to `.invalid` reaches
// nobody.
const DOMAIN = `@${PROVIDER}.invalid`;
const emailOf = (id) => id + DOMAIN;

const usersPermissions = () => strapi.plugin('users-permissions');

const users = () => strapi.db.query('plugin::users-permissions.user');

const now = () => Date.now() / 1000;

// Meta's last request about each person, and the codes of deletions, are kept where the admin panel does not
// reach. They outlive the person's data, so the person is a digest there.
const store = () => strapi.store({ type: 'plugin', name: PROVIDER });
const keyOf = (email) => `person_${createHash('sha256').update(email).digest('hex')}`;

async function lastRequest(key) {
  return await store().get({ key });
}

async function fetchProfile(accessToken) {
  const response = await fetch(PROFILE_URL, {
    headers: { Authorization: `Bearer ${accessToken}` },
    signal: AbortSignal.timeout(PATIENCE), // a person waits meanwhile
  });
  const body = await response.json().catch(() => null);

  if (!response.ok || !body || body.error) {
    const { error } = body ?? {};
    throw new Error(
      error?.message
        ? `Instagram refused the profile: ${error.message} (code ${error.code})`
        : `Instagram answered the profile request with status ${response.status} and no explanation`
    );
  }

  // Meta's page shows the profile wrapped in a list, its server sends it flat.
  const { id, username } = Array.isArray(body.data) ? (body.data[0] ?? {}) : body;

  // Ids are longer than a JavaScript number is exact, so one that came as a number may be somebody else's.
  if (typeof id !== 'string' || !id) {
    throw new Error('Instagram sent no usable account id');
  }
  if (typeof username !== 'string' || !username) {
    throw new Error('Instagram sent no username: is this a Business or Creator account?');
  }
  return { id, username };
}

async function logIn({ accessToken }) {
  try {
    const { id, username } = await fetchProfile(accessToken);
    await refuseWhoJustLeft(emailOf(id));
    return { username, email: emailOf(id) };
  } catch (error) {
    // Strapi tells the front end alone.
    strapi.log.error(`[${PROVIDER}] ${messageOf(error)}`);
    throw error;
  }
}

const messageOf = (error) => (error instanceof Error ? error.message : String(error));

// Whoever removed the app may come back by logging in again. `blocked` is the administrator's: nothing here
// sets or lifts it.
async function refuseWhoJustLeft(email) {
  const last = await lastRequest(keyOf(email));
  if (last && now() - last.receivedAt < AWAY) {
    throw new Error('This person removed the app a moment ago and can log in again in ten minutes');
  }
}

async function endSessions(userId) {
  const { sessionManager } = strapi; // Strapi 4 has none
  if (sessionManager?.hasOrigin('users-permissions')) {
    await sessionManager('users-permissions').invalidateRefreshToken(String(userId));
  }
}

// If your app keeps more about a person than their user, delete that here, too.
async function deleteUser(userId) {
  await usersPermissions().service('user').remove({ id: userId });
}

async function clientSecret() {
  const stored = await strapi.store({ type: 'plugin', name: 'users-permissions' }).get({ key: 'grant' });
  const { key, secret } = stored?.[PROVIDER] ?? {};
  return key && secret ? secret : '';
}

// A signed_request has two base64url parts: the signature, and the JSON that is signed in its encoded form.
function readSignedRequest(signedRequest, secret) {
  const [, signature, payload] = /^([\w-]+)=*\.([\w-]+=*)$/.exec(signedRequest) ?? [];

  if (!signature || !payload) {
    throw new Error('Expected a form with the field signed_request');
  }
  if (!secret) {
    throw new Error('This provider has no client ID and secret, so it takes no requests');
  }
  const expected = createHmac('sha256', secret).update(payload).digest();
  const given = Buffer.from(signature, 'base64url');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Error('signed_request is not signed with the client secret of this provider');
  }

  // An id without quotes gets some: as a JavaScript number it would be rounded to somebody else's.
  const json = Buffer.from(payload, 'base64url').toString();
  const request = JSON.parse(json.replace(/("user_id"\s*:\s*)(\d+)/, '$1"$2"')) ?? {};
  const age = now() - request.issued_at;

  if (request.algorithm !== 'HMAC-SHA256') {
    throw new Error('signed_request names another algorithm than HMAC-SHA256');
  }
  if (!(age <= MAX_AGE && age >= -CLOCK_DIFFERENCE)) {
    throw new Error('signed_request is too old, or the clock of this server is wrong');
  }
  if (typeof request.user_id !== 'string' || !request.user_id) {
    throw new Error('signed_request has no user_id');
  }
  return { id: request.user_id, issuedAt: Number(request.issued_at) };
}

// A signed request counts once and for one purpose. The same again gets the same answer, and nothing is done.
async function obey(purpose, { id, issuedAt }) {
  const key = keyOf(emailOf(id));
  const last = await lastRequest(key);
  if (last && issuedAt <= last.issuedAt) {
    return issuedAt === last.issuedAt && purpose === last.purpose ? last.code : null;
  }

  const found = await users().findMany({ where: { provider: PROVIDER, email: emailOf(id) } });
  for (const user of found) {
    await (purpose === 'deletion' ? deleteUser(user.id) : endSessions(user.id));
  }
  if (!found.length) {
    // Instagram has two ids for an account, and the login gets the one that is for this app alone.
    strapi.log.warn(
      `[${PROVIDER}] Meta's ${purpose} request is about ${id}, an id that no user here logged in with. ` +
        'If it begins with 1784 it is the one of the professional account: find out by hand whose that is.'
    );
  }
  const code = randomBytes(16).toString('hex');
  if (purpose === 'deletion') {
    await store().set({ key: `deletion_${code}`, value: { found: found.length } });
  }
  await store().set({ key, value: { purpose, issuedAt, receivedAt: now(), code } });
  return code;
}

// Only what is refused counts towards the limit, so a flood of it does not turn Meta's own requests away.
async function refuse(ctx, reason) {
  ctx.request.body = {}; // Strapi would count for each e-mail address in it
  const limit = strapi.middleware(RATE_LIMIT)(LIMIT, { strapi });
  await limit?.(ctx, async () => {
    strapi.log.warn(`[${PROVIDER}] ${reason}`);
    ctx.badRequest(reason);
  });
}

async function answer(ctx, purpose, content) {
  const form = ctx.is('urlencoded') ? ctx.request.body : {};
  const secret = await clientSecret();
  let request;
  try {
    request = readSignedRequest(form.signed_request, secret);
  } catch (error) {
    return refuse(ctx, messageOf(error));
  }
  const code = await obey(purpose, request);
  if (!code) {
    return refuse(ctx, 'signed_request was used before, or is older than one that was');
  }
  ctx.body = content(code);
}

const callbacks = {
  deauthorize: (ctx) => answer(ctx, 'deauthorize', () => ({ ok: true })),

  deleteData: (ctx) =>
    answer(ctx, 'deletion', (code) => {
      // This ends in /connect/instagram-business/callback, whatever Strapi's address and prefix are.
      const redirectUri = usersPermissions().service('providers').buildRedirectUri(PROVIDER);
      return {
        url: new URL(`../..${PATH}/data-deletion/${code}`, redirectUri).href,
        confirmation_code: code,
      };
    }),

  async showDeletion(ctx) {
    const { code } = ctx.params;
    const known = /^[0-9a-f]{32}$/.test(code) && (await store().get({ key: `deletion_${code}` }));
    const { found } = known || {};
    const done = found ? 'Your data has been deleted.' : 'There was no data of yours to delete.';
    ctx.status = known ? 200 : 404;
    ctx.type = 'html';
    ctx.body =
      '<!doctype html><html lang="en"><meta charset="utf-8"><title>Data deletion</title>' +
      `<p>${known ? done : 'There is no deletion with this code.'}`;
  },
};

// Providers must be known before the plugin's bootstrap, which saves them for the admin panel.
function addProvider() {
  usersPermissions()
    .service('providers-registry')
    .add(PROVIDER, { icon: 'instagram', enabled: false, grantConfig, authCallback: logIn });
}

// Of a token that Strapi has verified; it does not always hand the time on.
const issuedAt = (token) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).iat;

// Strapi cannot revoke a token, so one that is older than Meta's last request about its person is refused.
function refuseOlderTokens() {
  const jwt = usersPermissions().service('jwt');
  const verify = jwt.verify.bind(jwt);
  jwt.verify = async (token) => {
    const verified = await verify(token);
    const user = await users().findOne({ where: { id: verified.id, provider: PROVIDER } });
    const last = user && (await lastRequest(keyOf(user.email)));
    if (last && !(issuedAt(token) > last.receivedAt)) {
      throw new Error('Invalid token.');
    }
    return verified;
  };
}

// Otherwise anybody could register the address of a person who has yet to log in, and so keep them out.
function keepAddressesFree() {
  const auth = usersPermissions().controller('auth');
  const { register } = auth;
  auth.register = (ctx, next) =>
    String(ctx.request.body?.email).toLowerCase().endsWith(DOMAIN)
      ? ctx.badRequest('Email or Username are already taken')
      : register?.call(auth, ctx, next);
}

module.exports = (plugin) => {
  const { register } = plugin;

  // First our part, which waits for nothing: an extension around this one may forget to wait.
  plugin.register = async (context) => {
    addProvider();
    refuseOlderTokens();
    keepAddressesFree();
    await register?.(context);
  };

  plugin.controllers[PROVIDER] = callbacks;

  // Meta signs its requests instead of logging in, so no role needs a permission for them.
  const config = { auth: false, prefix: '' };
  const page = { ...config, middlewares: [{ name: RATE_LIMIT, config: LIMIT }] };
  const routes = [
    { method: 'POST', path: `${PATH}/deauthorize`, handler: `${PROVIDER}.deauthorize`, config },
    { method: 'POST', path: `${PATH}/data-deletion`, handler: `${PROVIDER}.deleteData`, config },
    { method: 'GET', path: `${PATH}/data-deletion/:code`, handler: `${PROVIDER}.showDeletion`, config: page },
  ];
  Object.assign(plugin.routes, { [PROVIDER]: { type: 'content-api', routes } });

  return plugin;
};
