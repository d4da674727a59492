// Takes the types out of a TypeScript file and says the rest in CommonJS, as a JavaScript Strapi project does.
// Started as: node to_javascript.mjs <file.ts>; the packages are looked for in the current folder.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const blankSpace = require('ts-blank-space').default;
const prettier = require('prettier');

const source = readFileSync(process.argv[2], 'utf8');
const style = { printWidth: 110, singleQuote: true, trailingComma: 'es5' };

// A paragraph of types leaves nothing but its remarks behind: they go with it.
const hasCode = (paragraph) => paragraph.split('\n').some((line) => line.trim() && !/^\s*(\/\/|\/?\*)/.test(line));
const before = source.split(/\n\n/);
const typesOnly = before.filter((each) => hasCode(each) && !hasCode(blankSpace(each)));
const kept = before.filter((each) => !typesOnly.includes(each)).join('\n\n');

const javascript = blankSpace(kept)
  .replace(/^import (\{.*\}) from (.*);$/gm, 'const $1 = require($2);')
  .replace(/^export default /m, 'module.exports = ');

process.stdout.write(`'use strict';\n\n${await prettier.format(javascript, { ...style, parser: 'babel' })}`);
