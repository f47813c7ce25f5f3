/** `pnpm chaos [ROW …]`: real clients on the real cluster, one fault after the other, and the checker over what they saw. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeEvent } from '@parley/audit';
import { CleanUp } from './clean-up.ts';
import { complaints, isPassed, table, toJson } from './report.ts';
import type { Row } from './row.ts';
import { ROWS, SKIPPED } from './rows/all.ts';
import { type RowResult, runRow } from './run-row.ts';
import { readSettings, type Settings, USAGE } from './settings.ts';

const EXIT_USAGE = 64;
const EXIT_INTERRUPTED = 130;

const cleanUp = new CleanUp();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void cleanUp.run().finally(() => process.exit(EXIT_INTERRUPTED)));
}
const settings = settingsOrUsage();
const rows = chooseRows(settings);
if (settings.isList) {
  for (const { id, fault } of rows) console.log(`${id.padEnd(4)} ${fault}`);
  for (const { id, fault, reason } of SKIPPED) console.log(`${id.padEnd(4)} ${fault}: not injected here: ${reason}`);
} else {
  const isGood = await runAll();
  // Said, not waited for: Node that runs out of work waits for what is left of sockets that were reset, at times for ever.
  process.exit(isGood ? 0 : 1);
}

async function runAll(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-chaos-'));
  const { seed, seconds, load } = settings;
  const results: RowResult[] = [];
  for (const row of rows) {
    console.log(`\n${row.id}  ${row.fault}  (seed ${seed})`);
    const own = join(folder, row.id);
    const result = await runRow(row, { seed, seconds, load, folder: own, say: (line) => console.log(line) }, cleanUp);
    results.push(result);
    if (isPassed(result)) rmSync(own, { recursive: true });
    else {
      writeFileSync(join(own, 'history.jsonl'), result.events.map(encodeEvent).join(''));
      console.log(`${complaints(result)}\nhistory and logs: ${own}`);
    }
    console.log(table([result]));
  }
  console.log(`\n${table(results)}`);
  for (const { id, reason } of SKIPPED)
    if (settings.rows.length === 0) console.log(`${id} not injected here: ${reason}`);
  const report = settings.report ?? join(folder, 'chaos-report.json');
  writeFileSync(report, toJson(results, { seed, seconds, load, skipped: SKIPPED }));
  console.log(`report: ${report}`);
  return results.every(isPassed);
}

function chooseRows({ rows: names }: Settings): readonly Row[] {
  const unknown = names.filter((name) => !ROWS.some(({ id }) => id === name));
  if (unknown.length > 0) usage(`no such row here: ${unknown.join(', ')}`);
  return names.length === 0 ? ROWS : ROWS.filter(({ id }) => names.includes(id));
}

function settingsOrUsage(): Settings {
  try {
    return readSettings(process.argv.slice(2));
  } catch (error) {
    usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(wrong: string): never {
  console.error(`${wrong}\n\n${USAGE}`);
  process.exit(EXIT_USAGE);
}
