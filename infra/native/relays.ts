import { fileURLToPath } from 'node:url';
import type { ClusterHome } from './home.ts';
import type { MemberProcess } from './member.ts';
import { freePort } from './ports.ts';
import { answers } from './probes.ts';

const RELAY_MAIN = fileURLToPath(new URL('../../apps/relay/src/main.ts', import.meta.url));
const WEB_ROOT = fileURLToPath(new URL('../../apps/web/dist', import.meta.url));
// A view may have to read the whole log first.
const READY_WITHIN_MS = 120_000;

export interface RelayOptions {
  count: number;
  kafkaBrokers: readonly string[];
  /** Port of Nginx: the page's origin. */
  frontPort: number;
  sessionSecret: string;
  /** The relay's program; another one in tests. */
  main?: string;
  /** Added to and overriding what a relay gets from here. */
  env?: Readonly<Record<string, string>>;
}

/** Relays `relay-1`, `relay-2`, …, not started yet, run by this process' own Node. */
export async function addRelays(home: ClusterHome, options: RelayOptions): Promise<MemberProcess[]> {
  const origins = [`http://localhost:${options.frontPort}`, `http://127.0.0.1:${options.frontPort}`];
  const relays: MemberProcess[] = [];
  for (let id = 1; id <= options.count; id += 1) {
    const name = `relay-${id}`;
    const port = await freePort();
    const adminPort = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = {
      PATH: process.env['PATH'],
      LOG: 'kafka',
      KAFKA_BROKERS: options.kafkaBrokers.join(','),
      NODE_ID: name,
      HOST: '127.0.0.1',
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      DATA_DIR: `${home.folderOf(name)}/data`,
      SESSION_SECRET: options.sessionSecret,
      ALLOWED_ORIGINS: origins.join(','),
      TRUST_PROXY: '127.0.0.1',
      WEB_ROOT,
      ...options.env,
    };
    const args = ['--conditions=development', options.main ?? RELAY_MAIN];
    const isReady = (): Promise<boolean> => answers(`${url}/readyz`);
    const command = process.execPath;
    const adminUrl = `http://127.0.0.1:${adminPort}`;
    const readyWithinMs = READY_WITHIN_MS;
    relays.push(home.add({ name, kind: 'relay', port, url, adminUrl, command, args, env, isReady, readyWithinMs }));
  }
  return relays;
}
