/** PROTOCOL.md as its tests read it, and the tables as the code says they should be. */
import { readFileSync } from 'node:fs';
import { type ClientFrameSchema, ERRORS, HTTP_ERRORS, type RelayFrameSchema } from '../src/index.ts';

export const PAGE = readFileSync(new URL('../PROTOCOL.md', import.meta.url), 'utf8');

/** The rows between `<!-- table: name -->` and `<!-- end -->`, without the two of the head. */
export function tableRows(name: string): string[] {
  const block = PAGE.split(`<!-- table: ${name} -->\n`)[1]?.split('<!-- end -->')[0];
  if (block === undefined) throw new Error(`PROTOCOL.md has no table ${name}`);
  return block.trim().split('\n').slice(2);
}

/** `type` and `fields` of a row for every frame of a union, in the order of the schema. */
export function frameRows(union: typeof ClientFrameSchema | typeof RelayFrameSchema): string[] {
  return union.def.options.map((option) => {
    const { type, ...fields } = option.def.shape;
    const names = Object.entries(fields).map(
      ([name, field]) => `\`${name}${field.def.type === 'optional' ? '?' : ''}\``,
    );
    return `| \`${type.def.values.join('')}\` |${names.length === 0 ? '' : ` ${names.join(', ')}`} |`;
  });
}

export const errorRows = (): string[] =>
  Object.entries(ERRORS).map(([code, { closeCode, retryable, meaning }]) =>
    `| \`${code}\` | ${closeCode ?? ''} | ${retryable ? 'yes' : 'no'} | ${meaning} |`.replace('|  |', '| |'),
  );

export const httpErrorRows = (): string[] =>
  Object.entries(HTTP_ERRORS).map(([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`);

/** The lines of the sample session. */
export function sessionLines(): { from: 'client' | 'relay'; text: string }[] {
  const block = PAGE.split('## A sample session')[1]?.split('```text\n')[1]?.split('```')[0] ?? '';
  return block
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ from: line.startsWith('→ ') ? 'client' : 'relay', text: line.replace(/^[→←] /, '') }));
}
