import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { afterAll, describe, expect, it } from 'vitest';
import { createEmbeddedLog, type EmbeddedLogOptions } from '../src/log/embedded.ts';
import { type Log, LogRefusedError, LogUnavailableError } from '../src/log/log.ts';
import { message, newRoom, numbered, quiet } from './log/drafts.ts';
import { Reader, textOf } from './log/reader.ts';
import { describeLog } from './log-suite.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-log-'));
let files = 0;
const newFile = (): string => join(directory, `${(files += 1)}.db`);
const open = (file: string, options: Partial<EmbeddedLogOptions> = {}): Log =>
  createEmbeddedLog({ file, clock: systemClock, random: systemRandom, logger: quiet, ...options });

afterAll(() => rmSync(directory, { recursive: true }));

describeLog(
  'embedded',
  async () => {
    const file = newFile();
    return {
      node: () => open(file),
      async deadLetters() {
        const db = new DatabaseSync(file);
        const rows = db.prepare('SELECT partition, offset, body, reason FROM dead').all();
        db.close();
        return rows.map(({ partition, offset, body, reason }) => ({
          partition: Number(partition),
          offset: Number(offset),
          body: body instanceof Uint8Array ? textOf(body) : '',
          reason: String(reason),
        }));
      },
      async close() {},
    };
  },
  { shared: false, timeoutMs: 20_000 },
);

describe('the file of the embedded log', () => {
  it('serves one process: a second one is refused, and the first goes on', async () => {
    const file = newFile();
    const log = open(file);
    const reader = new Reader();
    await log.start(reader);
    await expect(open(file).start(new Reader())).rejects.toThrow(LogRefusedError);
    const other = `
      import { createEmbeddedLog } from ${JSON.stringify(new URL('../src/log/embedded.ts', import.meta.url).href)};
      import { systemClock, systemRandom } from '@parley/protocol/environment';
      const log = createEmbeddedLog({ file: ${JSON.stringify(file)}, clock: systemClock, random: systemRandom });
      await log.start({ onEpoch: () => ({ log: [0], state: [0] }) }).catch((error) => console.log(error.name, error.message));
    `;
    const said = execFileSync(process.execPath, ['--conditions=development', '--input-type=module', '-e', other], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect(said).toMatch(/^LogRefusedError .*in use by another process/);
    await log.append(message(newRoom(), 'still here'));
    await reader.until(() => reader.records.length === 1);
    await log.stop();
  });

  it('that is damaged is refused with a reason, and not touched', async () => {
    const file = newFile();
    const garbage = Buffer.alloc(20_000, 'not a database ');
    writeFileSync(file, garbage);
    await expect(open(file).start(new Reader())).rejects.toThrow(/damaged or not a log.*nothing was changed/);
    expect(readFileSync(file).equals(garbage)).toBe(true);
  });

  it('of another program is refused, and not touched', async () => {
    const file = newFile();
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE theirs (a)');
    db.close();
    const before = readFileSync(file);
    await expect(open(file).start(new Reader())).rejects.toThrow(/is not a log of Parley/);
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('cannot be opened where there is no directory', async () => {
    await expect(open(join(directory, 'nowhere', 'log.db')).start(new Reader())).rejects.toThrow(/cannot be opened/);
  });

  it('keeps what was acknowledged when the process is killed', async () => {
    const file = newFile();
    const script = `
      import { createEmbeddedLog } from ${JSON.stringify(new URL('../src/log/embedded.ts', import.meta.url).href)};
      import { message, newRoom, quiet } from ${JSON.stringify(new URL('log/drafts.ts', import.meta.url).href)};
      import { systemClock, systemRandom } from '@parley/protocol/environment';
      const log = createEmbeddedLog({ file: ${JSON.stringify(file)}, clock: systemClock, random: systemRandom, logger: quiet });
      await log.start({ onEpoch: () => ({ log: [0], state: [0] }), onBatch() {}, onSignal() {}, onStatus() {} });
      const room = newRoom();
      for (let at = 0; ; at += 1) {
        await log.append(message(room, String(at)));
        process.stdout.write(at + '\\n');
      }
    `;
    const child = spawn(process.execPath, ['--conditions=development', '--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (said.split('\n').length > 200) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const acknowledged = said.split('\n').slice(0, -1);
    const log = open(file);
    const reader = new Reader();
    await reader.reached((await log.start(reader)).ends);
    await log.stop();
    expect(acknowledged.length).toBeGreaterThan(199);
    expect(reader.texts().slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(reader.records.length - acknowledged.length).toBeLessThanOrEqual(1);
  });

  it('that is full refuses appends, says so, and takes them again when there is room', async () => {
    const file = newFile();
    const timers: (() => void)[] = [];
    const clock = { ...systemClock, setTimer: (callback: () => void) => (timers.push(callback), () => {}) };
    const log = open(file, { clock, maxBytes: 1024 * 1024 });
    const reader = new Reader();
    await log.start(reader);
    await log.putState('ballast', Buffer.alloc(120_000));
    const acknowledged: string[] = [];
    const failure = await fill(log, acknowledged);
    expect(failure).toBeInstanceOf(LogUnavailableError);
    expect(failure).toMatchObject({ maybeWritten: false });
    expect(reader.statuses.at(-1)).toMatchObject({ writable: false, readable: true });
    // It looks by itself whether there is room; there is none yet.
    timers.shift()?.();
    expect(reader.statuses.at(-1)).toMatchObject({ writable: false });

    await log.putState('ballast', Buffer.alloc(1));
    expect(reader.statuses.at(-1)).toEqual({ writable: true, readable: true });
    await log.append(message(newRoom(), 'after'));
    await reader.until(() => reader.records.length === acknowledged.length + 1);
    expect(reader.texts().map((text) => text.trimEnd())).toEqual([...acknowledged, 'after']);
    await log.stop();
  });
});

async function fill(log: Log, acknowledged: string[]): Promise<unknown> {
  for (const text of numbered(200)) {
    try {
      await log.append(message(newRoom(), text.padEnd(20_000)));
      acknowledged.push(text);
    } catch (error) {
      return error;
    }
  }
  return undefined;
}
