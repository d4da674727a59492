'use strict';

// Loaded by `node --require`: whatever Strapi sends to Instagram goes to the server at INSTAGRAM_URL instead, with
// the Host header kept. Strapi's own code stays untouched; newer versions call `fetch`, older ones `https.request`.

const http = require('node:http');
const https = require('node:https');
const { Readable } = require('node:stream');

const HOSTS = ['www.instagram.com', 'api.instagram.com', 'graph.instagram.com'];
const standIn = new URL(process.env.INSTAGRAM_URL);

// Not through `fetch` itself: it would put the stand-in's own address into Host.
async function forward(request) {
  const { host, pathname, search } = new URL(request.url);
  const headers = { ...Object.fromEntries(request.headers), host };
  const body = Buffer.from(await request.arrayBuffer());
  return new Promise((resolve, reject) => {
    http
      .request(new URL(pathname + search, standIn), { method: request.method, headers }, (answer) => {
        resolve(new Response(Readable.toWeb(answer), { status: answer.statusCode, headers: answer.headers }));
      })
      .on('error', (cause) => reject(new TypeError('fetch failed', { cause })))
      .end(body);
  });
}

const realFetch = globalThis.fetch;
globalThis.fetch = (input, init) =>
  HOSTS.includes(new URL(input.url || input).host) ? forward(new Request(input, init)) : realFetch(input, init);

const realRequest = https.request;
https.request = (options, ...rest) => {
  const host = options.hostname || options.host;
  if (!HOSTS.includes(host)) {
    return realRequest(options, ...rest);
  }
  const { hostname, port } = standIn;
  const headers = { ...options.headers, host };
  return http.request({ ...options, protocol: 'http:', host: hostname, hostname, port, headers }, ...rest);
};
