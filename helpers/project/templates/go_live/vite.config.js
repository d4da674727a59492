// vite.config.js: for `vite` and `vite preview`.
// Built files need the same three rules in the server that serves them.
import { defineConfig } from 'vite';

const strapi = {
  target: '@behind@',
  changeOrigin: true,
  headers: {
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': '@page_host@',
  },
};
const proxy = { '/api': strapi, '/uploads': strapi, '/_health': strapi };

export default defineConfig({
  server: { proxy },
  preview: { proxy, allowedHosts: ['@page_host@'] },
});
