/** Settings: the real process refuses each wrong one with a sentence and exit code 78. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { ConfigError, readConfig, Settings } from '../src/config.ts';
import { nextIncarnation, readOrMakeSecret } from '../src/data-dir.ts';
import { explainStart } from '../src/start-fault.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAIN = join(import.meta.dirname, '../src/main.ts');

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a relay until it ends; one that comes up is told to leave. */
function runRelay(settings: Record<string, string>): Promise<Ended> {
  const { PATH = '' } = process.env;
  const env = { PATH, DATA_DIR: join(folder, 'data'), PORT: '0', ...settings };
  const child = spawn(process.execPath, ['--conditions=development', MAIN], { env });
  const ended: Ended = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => {
    ended.stdout += data.toString();
    if (ended.stdout.includes('listening on')) child.kill('SIGTERM');
  });
  child.stderr.on('data', (data: Buffer) => (ended.stderr += data.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

function caught(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const whole = (least: number, most: number): string => `a whole number from ${least} to ${most}`;
const RATE = 'two numbers as in 20/100: so many a second, so many at once';
const NAME = 'letters, digits, dot, dash and underscore, at most 64';

const WRONG: [variable: string, value: string, allowed: string][] = [
  ['LOG', 'redis', 'embedded, kafka'],
  ['HOST', 'not a host', 'an IP address or a host name'],
  ['PORT', '65536', whole(0, 65_535)],
  ['PORT', '80a', whole(0, 65_535)],
  ['PORT', '0x50', whole(0, 65_535)],
  ['PORT', '-1', whole(0, 65_535)],
  ['PORT', '8080.5', whole(0, 65_535)],
  ['ADMIN_PORT', 'yes', whole(0, 65_535)],
  ['NODE_ID', 'relay 1', NAME],
  ['NODE_ID', 'a'.repeat(65), NAME],
  ['ALLOWED_ORIGINS', 'https://a.example,', 'no empty parts between commas'],
  [
    'ALLOWED_ORIGINS',
    'https://a.example/',
    'origins such as https://chat.example.org, without a path or a slash at the end',
  ],
  ['ALLOWED_ORIGINS', '*', 'origins such as https://chat.example.org, without a path or a slash at the end'],
  [
    'TRUST_PROXY',
    'nginx',
    'addresses, networks as in 10.0.0.0/8, loopback, linklocal and uniquelocal, separated by commas',
  ],
  [
    'TRUST_PROXY',
    '10.0.0.0/33',
    'addresses, networks as in 10.0.0.0/8, loopback, linklocal and uniquelocal, separated by commas',
  ],
  ['KAFKA_BROKERS', 'kafka-1', 'brokers as host:port, separated by commas'],
  ['KAFKA_BROKERS', 'kafka-1:99999', 'ports up to 65535'],
  ['KAFKA_TOPIC_PREFIX', 'a b', NAME],
  ['KAFKA_PARTITIONS', '0', whole(1, 256)],
  ['KAFKA_REPLICATION_FACTOR', '10', whole(1, 9)],
  ['KAFKA_MIN_INSYNC_REPLICAS', 'two', whole(1, 9)],
  ['DRAIN_MS', '5s', whole(0, 600_000)],
  ['RATE_FRAMES', '50', RATE],
  ['RATE_OPERATIONS', '50/', RATE],
  ['RATE_SIGN_INS', '0/5', 'numbers above 0, as in 20/100'],
  ['RATE_SOCKETS', 'many', RATE],
  ['RATE_USER_SOCKETS', '2', RATE],
  ['RATE_NETWORK_SOCKETS', '/300', RATE],
  ['LOG_LEVEL', 'verbose', 'debug, info, warn, error, silent'],
];

describe('a wrong setting', () => {
  it.each(WRONG)('%s=%s is named, with what was given and what is allowed', (variable, value, allowed) => {
    expect(() => readConfig({ [variable]: value })).toThrow(
      new ConfigError([`${variable} is "${value}"; allowed: ${allowed}.`]),
    );
  });

  it('is tried above for every variable that can be wrong by itself', () => {
    const tried = new Set(WRONG.map(([variable]) => variable));
    const elsewhere = ['DATA_DIR', 'WEB_ROOT', 'SESSION_SECRET'];
    expect(Object.keys(Settings.shape).filter((variable) => !tried.has(variable))).toEqual(elsewhere);
  });

  it('does not hide another', () => {
    expect(() => readConfig({ PORT: 'x', LOG: 'y' })).toThrow(/LOG is "y"[^]*PORT is "x"/);
  });

  it('ends the process with 78 and nothing but its sentences', async () => {
    expect(await runRelay({ PORT: 'http', NODE_ID: '/' })).toEqual({
      code: 78,
      stdout: '',
      stderr: `PORT is "http"; allowed: ${whole(0, 65_535)}.\nNODE_ID is "/"; allowed: ${NAME}.\n`,
    });
  });

  it.each([
    ['HOST', '192.0.2.1', 'an address of this machine'],
    ['WEB_ROOT', '/nowhere', 'a folder with an index.html'],
    ['DATA_DIR', `${MAIN}/data`, 'a folder that this user may write to'],
    ['DATA_DIR', '/proc/parley/data', 'a folder that this user may write to'],
  ])('that shows only at the start does the same: %s=%s', async (variable, value, allowed) => {
    const { code, stderr } = await runRelay({ [variable]: value });
    expect([code, stderr]).toEqual([78, `${variable} is "${value}"; allowed: ${allowed}.\n`]);
  });

  it('of a port that is taken is a sentence too, with the exit code that is worth another try', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    const { code, stderr } = await runRelay({ PORT: port });
    expect([code, stderr]).toEqual([75, `PORT is "${port}"; allowed: a port that no other process listens on.\n`]);
    server.close();
  });

  it('of a disk that is full is named alike, whoever met it', () => {
    const database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE little (body BLOB); PRAGMA max_page_count = 3');
    const config = { ...readConfig({}), dataDir: '/srv/parley' };
    for (const write of [
      () => writeFileSync('/dev/full', 'more than it takes'),
      () => database.exec('INSERT INTO little VALUES (zeroblob(100000))'),
    ]) {
      expect(explainStart(caught(write), config)).toEqual({
        sentence: 'DATA_DIR is "/srv/parley"; allowed: a folder on a disk with room.',
        exitCode: 75,
      });
    }
  });

  it('of another folder is not blamed on DATA_DIR', () => {
    const error = caught(() => readFileSync('/nowhere/else'));
    expect(explainStart(error, readConfig({ DATA_DIR: '/srv/parley' }))).toBeUndefined();
  });

  it('is not an empty one, which counts as unset', () => {
    const empty = Object.fromEntries(Object.keys(Settings.shape).map((variable) => [variable, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });
});

describe('the secret', () => {
  it('and the brokers are needed with LOG=kafka', async () => {
    expect(await runRelay({ LOG: 'kafka' })).toEqual({
      code: 78,
      stdout: '',
      stderr:
        'KAFKA_BROKERS is not set; LOG=kafka needs brokers as host:port, separated by commas.\n' +
        'SESSION_SECRET is not set; LOG=kafka needs at least 32 bytes, the same on all nodes.\n',
    });
  });

  it('is never printed: not when it is too short', async () => {
    const { code, stdout, stderr } = await runRelay({ SESSION_SECRET: 'hunter2-hunter2' });
    expect([code, stderr]).toEqual([78, 'SESSION_SECRET has 15 bytes; at least 32 are needed.\n']);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  it('is never printed: not when all goes well', async () => {
    const secret = 'correct-horse-battery-staple-correct';
    const { code, stdout, stderr } = await runRelay({
      SESSION_SECRET: secret,
      LOG_LEVEL: 'debug',
      DATA_DIR: join(folder, 'well'),
    });
    expect(code).toBe(0);
    expect(stdout).toContain('listening on');
    expect(stdout + stderr).not.toContain(secret);
    expect(existsSync(join(folder, 'well', 'secret'))).toBe(false);
  });

  it('is made and kept where none is set, readable by nobody else', () => {
    const dataDir = join(folder, 'kept');
    const made = readOrMakeSecret(dataDir, systemRandom);
    expect(Buffer.byteLength(made)).toBeGreaterThanOrEqual(32);
    expect(readOrMakeSecret(dataDir, systemRandom)).toBe(made);
    expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  });

  it.each(['', '\n', 'short'])('is made anew when its file holds only %j', (rest) => {
    const dataDir = mkdtempSync(join(folder, 'torn-'));
    writeFileSync(join(dataDir, 'secret'), rest);
    chmodSync(join(dataDir, 'secret'), 0o644);
    const made = readOrMakeSecret(dataDir, systemRandom);
    expect(Buffer.byteLength(made)).toBeGreaterThanOrEqual(32);
    expect(readFileSync(join(dataDir, 'secret'), 'utf8')).toBe(made);
    expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600);
  });
});

describe('an incarnation', () => {
  it('is greater than any before it, even when the wall clock went back', () => {
    const dataDir = join(folder, 'boots');
    const at = (ms: number) => nextIncarnation(dataDir, { ...systemClock, wallMs: () => ms });
    const boots = [at(1_000), at(1_000), at(500), at(2_000.7)];
    expect(boots).toEqual([1_000, 1_001, 1_002, 2_000]);
    writeFileSync(join(dataDir, 'incarnation'), 'torn');
    expect(at(3_000)).toBe(3_000);
  });
});
