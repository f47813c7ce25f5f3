import { parseArgs } from 'node:util';
import type { Load } from './row.ts';

export const USAGE = `usage: pnpm chaos [ROW …] [options]

  ROW            such as F1 F9; all that can be injected here unless given
  --seed N       determines every schedule; 1 unless given
  --seconds N    how long the load of a row lasts at least; 60
  --clients N    sessions; 300
  --rate N       messages a second; 100
  --report FILE  where the report goes, as JSON; chaos-report.json in the temporary folder of the run
  --list         only tells the rows`;

export interface Settings {
  readonly rows: readonly string[];
  readonly seed: number;
  readonly seconds: number;
  readonly load: Load;
  readonly report: string | undefined;
  readonly isList: boolean;
}

/** @throws Error that says what is wrong. */
export function readSettings(args: readonly string[]): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '60' },
      clients: { type: 'string', default: '300' },
      rate: { type: 'string', default: '100' },
      report: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    rows: positionals.map((row) => row.toUpperCase()),
    seed: whole('seed', values.seed),
    seconds: whole('seconds', values.seconds),
    load: {
      clients: whole('clients', values.clients),
      rate: whole('rate', values.rate),
      textLength: [20, 200],
      moveEveryMs: 700,
    },
    report: values.report,
    isList: values.list,
  };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is "${text}"; allowed: a whole number from 1 on`);
  return value;
}
