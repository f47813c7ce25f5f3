/**
 * The table of settings in README.md, made from the relay's schema. Without arguments: writes it between its markers, or
 * prints it where there are none. `--check`: fails when what stands there differs.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// The relay has no front door for others to import from; its schema is read where it stands.
// oxlint-disable-next-line no-restricted-imports
import { Settings } from '../apps/relay/src/config.ts';

const README = join(import.meta.dirname, '..', 'README.md');
const START = '<!-- config:start -->';
const END = '<!-- config:end -->';

/** One row a variable, in the order of the schema. */
function table(): string {
  const rows = Object.entries(Settings.shape).map(([variable, setting]) => {
    const { description = '', def } = setting;
    const value = def.type === 'default' ? shown(def.defaultValue) : '';
    return `| \`${variable}\` | ${value} | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function shown(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return `\`${value}\``;
  if (typeof value === 'object' && value !== null && 'perSecond' in value && 'burst' in value)
    return `\`${String(value.perSecond)}/${String(value.burst)}\``;
  throw new Error(`a default that this script cannot show: ${JSON.stringify(value)}`);
}

const text = existsSync(README) ? readFileSync(README, 'utf8') : '';
const from = text.indexOf(START);
const to = text.indexOf(END);
const isCheck = process.argv.includes('--check');
if (from === -1 || to < from) {
  if (isCheck) console.error(`README.md has no ${START} and ${END}`);
  else console.log(table());
  process.exitCode = isCheck ? 1 : 0;
} else {
  const wanted = `${text.slice(0, from + START.length)}\n\n${table()}\n\n${text.slice(to)}`;
  if (!isCheck) writeFileSync(README, wanted);
  else if (wanted !== text) {
    console.error('The table of settings in README.md is not that of the schema; run: node scripts/config-table.ts');
    process.exitCode = 1;
  } else console.log('The table of settings in README.md is that of the schema.');
}
