/**
 * `pnpm dev`: the relay restarts when it, the protocol or the client changes; the page changes in place. Embedded unless
 * LOG=kafka, which takes the brokers of infra/compose.dev.yml. The page is on http://localhost:5173 unless PORT moves it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const web = join(root, 'apps/web');
const pagePort = process.env['PORT'] ?? '5173';
const relayPort = process.env['RELAY_PORT'] ?? '8081';
const DEV_BROKERS = '127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094';

const relayEnvironment = {
  PORT: relayPort,
  DATA_DIR: process.env['DATA_DIR'] ?? '.data/dev',
  ALLOWED_ORIGINS: process.env['ALLOWED_ORIGINS'] ?? `http://localhost:${pagePort},http://127.0.0.1:${pagePort}`,
  // Restarts are frequent here, and there is no other node to move to.
  DRAIN_MS: '0',
  ...(process.env['LOG'] === 'kafka'
    ? {
        KAFKA_BROKERS: process.env['KAFKA_BROKERS'] ?? DEV_BROKERS,
        SESSION_SECRET: process.env['SESSION_SECRET'] ?? randomBytes(32).toString('hex'),
      }
    : {}),
};

interface Part {
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
}

const children = [
  start({
    name: 'relay',
    command: 'node',
    args: ['--conditions=development', '--watch', '--watch-preserve-output', 'apps/relay/src/main.ts'],
    cwd: root,
    env: relayEnvironment,
  }),
  // Not by way of pnpm, which would not pass a signal on.
  start({
    name: 'page',
    command: join(web, 'node_modules/.bin/vite'),
    args: ['--port', pagePort, '--strictPort'],
    cwd: web,
    env: { RELAY_URL: `http://127.0.0.1:${relayPort}` },
  }),
];

function start({ name, command, args, cwd, env }: Part): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
  child.once('exit', (code) => {
    console.log(`${name} ended`);
    // One without the other is no use.
    for (const other of children) other.kill();
    process.exitCode = code ?? 1;
  });
  return child;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => children.forEach((child) => child.kill()));
