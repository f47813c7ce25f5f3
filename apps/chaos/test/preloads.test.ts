import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { setWallClockAhead } from '../src/system/wall-clock.ts';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const HOUR_MS = 3_600_000;
/** For programs that a busy machine has to start. */
const PATIENCE_MS = 30_000;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-preload-'));
});
afterEach(() => {
  setWallClockAhead(0);
  rmSync(folder, { recursive: true });
});

/** What a program prints that runs in the folder, with a file of `src/system` loaded before it. */
function run(hook: string, env: Record<string, string>, program: string): string {
  const args = [`--import=${pathOf(`../src/system/${hook}`)}`, '--conditions=development', '--input-type=module'];
  return execFileSync(process.execPath, [...args, '--eval', program], { cwd: folder, env, encoding: 'utf8' }).trim();
}

it(
  'a build is newer where its folder says so: it knows the next record version, and writes it',
  { timeout: PATIENCE_MS },
  () => {
    const program = `
    const { RECORD_VERSION, VERSION_OF_KIND } = await import('${pathOf('../../relay/src/log/record.ts')}');
    console.log(RECORD_VERSION, VERSION_OF_KIND.message, VERSION_OF_KIND.genesis);
  `;
    const env = { CHAOS_NEWER_BUILD: 'newer' };
    const [known, , genesis] = run('newer-build.ts', env, program).split(' ');
    writeFileSync(join(folder, 'newer'), '');
    const next = Number(known) + 1;
    expect(run('newer-build.ts', env, program)).toBe(`${next} ${next} ${genesis}`);
  },
);

it('a clock is wrong by what the file in the folder says', { timeout: PATIENCE_MS }, () => {
  const env = { CHAOS_CLOCK: 'ahead' };
  writeFileSync(join(folder, 'ahead'), String(-HOUR_MS));
  const startedAt = Date.now();
  const told = Number(run('wrong-clock.ts', env, 'console.log(Date.now())')) + HOUR_MS;
  expect(told).toBeGreaterThanOrEqual(startedAt);
  expect(told).toBeLessThanOrEqual(Date.now());
});

it('only the time of now is wrong, and monotonic time is not', () => {
  const [trueMs, monotonicMs] = [Date.now(), performance.now()];
  setWallClockAhead(HOUR_MS);
  expect(Date.now() - trueMs).toBeGreaterThanOrEqual(HOUR_MS);
  expect(new Date().getTime() - trueMs).toBeGreaterThanOrEqual(HOUR_MS);
  expect(new Date(2020, 1, 3).getMonth()).toBe(1);
  expect(new Date(5).getTime()).toBe(5);
  expect(performance.now() - monotonicMs).toBeLessThan(HOUR_MS);
  setWallClockAhead(0);
  expect(Date.now() - trueMs).toBeLessThan(HOUR_MS);
});
