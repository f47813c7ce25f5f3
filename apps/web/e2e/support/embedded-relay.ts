import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../relay/src/main.ts', import.meta.url));

export interface EmbeddedRelay {
  readonly url: string;
  /** Ends at once, as a crash does. */
  readonly kill: () => Promise<void>;
  /** Comes back on the same port with what it had. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts a real relay with its log inside, on a free port, in a folder that goes away with it. */
export async function startEmbeddedRelay(env: Readonly<Record<string, string>> = {}): Promise<EmbeddedRelay> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-'));
  let running = await launch(folder, 0, env);
  const { port } = running;
  return {
    url: `http://127.0.0.1:${port}`,
    kill: () => end(running.child, 'SIGKILL'),
    async restart() {
      await end(running.child, 'SIGKILL');
      running = await launch(folder, port, env);
    },
    async stop() {
      await end(running.child, 'SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(folder: string, port: number, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['--conditions=development', MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LOG: 'embedded',
      PORT: String(port),
      DATA_DIR: folder,
      ...env,
    },
  });
  const listening = await firstLine(child, /listening on http/);
  const found = /"port":(\d+)/.exec(listening);
  return { child, port: Number(found?.[1]) };
}

function firstLine(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error('no output'));
    // The stream keeps being read, or the relay would stop at a full pipe.
    createInterface(child.stdout).on('line', (line) => {
      if (wanted.test(line)) resolve(line);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
  });
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}
