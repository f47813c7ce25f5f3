/** One relay with the embedded log, as `pnpm start` runs it, with data on this machine's disk. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CleanUp } from '../clean-up.ts';
import { freePorts, GENEROUS_RATES } from './bench-cluster.ts';

const RELAY_PROCESS = fileURLToPath(new URL('relay-process.ts', import.meta.url));
const READY_WITHIN_MS = 30_000;

export interface EmbeddedRelay {
  url: string;
  pid: number;
  /** On the disk that the log is on. */
  dataDir: string;
}

export async function startEmbeddedRelay(cleanUp: CleanUp): Promise<EmbeddedRelay> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-bench-embedded-'));
  cleanUp.add(() => rmSync(dataDir, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const child = fork(RELAY_PROCESS, [], {
    execArgv: ['--conditions=development'],
    env: {
      ...process.env,
      ...GENEROUS_RATES,
      PORT: String(port),
      DATA_DIR: dataDir,
      LOG: 'embedded',
      NODE_ID: 'embedded',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  cleanUp.add(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  });
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(url))) {
    if (performance.now() > deadline) throw new Error('the embedded relay did not start');
    await delay(50);
  }
  return { url, pid: child.pid ?? 0, dataDir };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
