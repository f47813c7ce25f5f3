/**
 * What a first visit loads, compressed, against the budget: everything that index.html asks for, plus the largest language.
 * Exit code 1 when it is over.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const DIST = fileURLToPath(new URL('../dist/', import.meta.url));
const BUDGET_KB = { js: 150, css: 15, chunk: 60 };

const kb = (file: string): number => gzipSync(readFileSync(DIST + file), { level: 9 }).length / 1024;
const sum = (files: readonly string[]): number => files.reduce((total, file) => total + kb(file), 0);

const html = readFileSync(`${DIST}index.html`, 'utf8');
const asked = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((found) => found[1] ?? '');
const assets = readdirSync(`${DIST}assets`).map((file) => `assets/${file}`);
const languages = assets.filter((file) => /assets\/(?:en|zh-\w+)-.*\.js$/.test(file));
const lazy = assets.filter((file) => file.endsWith('.js') && !asked.includes(file) && !languages.includes(file));

const rows = [
  {
    what: 'first load, JavaScript',
    size: sum(asked.filter((file) => file.endsWith('.js'))) + Math.max(...languages.map(kb)),
    most: BUDGET_KB.js,
  },
  { what: 'first load, styles', size: sum(asked.filter((file) => file.endsWith('.css'))), most: BUDGET_KB.css },
  ...lazy.map((file) => ({ what: file, size: kb(file), most: BUDGET_KB.chunk })),
];
for (const { what, size, most } of rows)
  process.stdout.write(`${size <= most ? 'fits' : 'OVER'}  ${size.toFixed(1).padStart(6)} KB of ${most}  ${what}\n`);
process.exitCode = rows.every(({ size, most }) => size <= most) ? 0 : 1;
