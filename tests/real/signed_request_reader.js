'use strict';

// Reads one signed_request a line (JSON) and says what the provider file makes of it, without a Strapi around it.
// Started as: node signed_request_reader.js <instagram-business.js> <client secret>

const [file, secret] = process.argv.slice(2);

let asked = [];
let kept = {};
const stored = { 'users-permissions': { get: async () => ({ 'instagram-business': { key: '1', secret } }) } };
const own = { get: async ({ key }) => kept[key] ?? null, set: async ({ key, value }) => void (kept[key] = value) };

globalThis.strapi = {
  db: { query: () => ({ findMany: async ({ where }) => (asked.push(where.email), []) }) },
  log: { warn() {} },
  middleware: () => () => (ctx, next) => next(),
  plugin: () => ({ service: () => ({ buildRedirectUri: () => 'https://strapi.example/api/connect/x/callback' }) }),
  store: ({ name }) => stored[name] || own,
};

const { controllers } = require(file)({ controllers: {}, routes: {} });
const { deauthorize, deleteData } = controllers['instagram-business'];

async function answer(handler, signed_request) {
  const ctx = { is: () => true, request: { body: { signed_request } } };
  ctx.badRequest = (said) => Object.assign(ctx, { status: 400, said });
  asked = [];
  kept = {};
  await handler(ctx);
  return { status: ctx.status || 200, said: ctx.said || '', asked };
}

require('node:readline')
  .createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const request = JSON.parse(line);
    const both = [await answer(deauthorize, request), await answer(deleteData, request)];
    process.stdout.write(`${JSON.stringify(both)}\n`);
  });
