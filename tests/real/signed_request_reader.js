'use strict';

// Reads one signed_request a line (JSON) and says what the provider file makes of it, without a Strapi around it.
// Started as: node signed_request_reader.js <strapi-server.js> <client secret>

const [file, secret] = process.argv.slice(2);
const plugin = { controllers: {}, routes: { 'content-api': { routes: [] } } };
const [name, callbacks] = Object.entries(require(file)(plugin).controllers)[0];

let asked = [];
const strapi = {
  config: { get: () => '' },
  db: { query: () => ({ findMany: async ({ where }) => (asked.push(where.email), []) }) },
  log: { warn() {} },
  plugin: () => ({ service: () => ({}) }),
  store: () => ({ get: async () => ({ [name]: { secret } }) }),
};
const { deauthorize, deleteData } = callbacks({ strapi });

async function answer(handler, signed_request) {
  const ctx = { is: () => true, request: { body: { signed_request } } };
  ctx.badRequest = (said) => Object.assign(ctx, { status: 400, said });
  asked = [];
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
