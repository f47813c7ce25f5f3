/** The cluster under test: three relays, three brokers, three ZooKeepers, Nginx; and what can be asked of its relays. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Cluster, type Member, startCluster } from '@parley/infra';
import type { CleanUp } from '../clean-up.ts';
import type { CpuProfile } from '@parley/testing';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';

const RELAY_PROCESS = fileURLToPath(new URL('relay-process.ts', import.meta.url));

/** The relay's limits protect it from single users; a load generator is many users in few. */
export const GENEROUS_RATES = {
  RATE_FRAMES: '100000/100000',
  RATE_OPERATIONS: '100000/100000',
  RATE_SOCKETS: '100000/100000',
  RATE_USER_SOCKETS: '100000/100000',
  RATE_NETWORK_SOCKETS: '100000/100000',
  RATE_SIGN_INS: '100000/100000',
};

export interface RelayStatus {
  node: string;
  ready: boolean;
  lag: number;
  sessions: number;
  view: { partition: number; next: number; hash: string }[];
  metrics: { seen: number; decoded: number; delivered: number; writes: number; slowReaders: number; malformed: number };
}

export interface BenchCluster extends Cluster {
  /** WebSocket and HTTP base of every relay, past Nginx. */
  readonly relayUrls: string[];
  status(): Promise<RelayStatus[]>;
  /** Begins a CPU profile in every relay; the function it returns ends them. */
  profile(): Promise<() => Promise<CpuProfile[]>>;
  collectGarbage(): Promise<void>;
}

export async function startBenchCluster(settings: Settings, report: Report, cleanUp: CleanUp): Promise<BenchCluster> {
  const profiles = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  cleanUp.add(() => rmSync(profiles, { recursive: true, force: true }));
  const adminPorts = await freePorts(3);
  const started = performance.now();
  const cluster = await startCluster({
    jit: settings.jit,
    relayMain: RELAY_PROCESS,
    relayEnv: {
      ...GENEROUS_RATES,
      KAFKA_PARTITIONS: String(settings.partitions),
      RELAY_PROFILES: profiles,
      RELAY_ADMIN_PORTS: adminPorts.map((port, at) => `relay-${at + 1}=${port}`).join(','),
    },
    log: (line) => report.say(line),
  });
  cleanUp.add(() => cluster.stop());
  report.say(
    `cluster up after ${((performance.now() - started) / 1000).toFixed(1)} s, brokers with jit=${settings.jit}`,
  );
  return {
    ...cluster,
    relayUrls: cluster.relays.map(({ url }) => url ?? ''),
    status: () => Promise.all(adminPorts.map(readStatus)),
    profile: () => profileRelays(cluster.relays, profiles),
    async collectGarbage() {
      for (const relay of cluster.relays) await relay.kill('SIGWINCH');
    },
  };
}

async function readStatus(port: number): Promise<RelayStatus> {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  return (await response.json()) as RelayStatus;
}

async function profileRelays(relays: readonly Member[], folder: string): Promise<() => Promise<CpuProfile[]>> {
  for (const relay of relays) await relay.kill('SIGUSR2');
  return async () => {
    for (const relay of relays) await relay.kill('SIGUSR2');
    return Promise.all(relays.map(({ name }) => readProfile(join(folder, `${name}.cpuprofile`))));
  };
}

async function readProfile(file: string): Promise<CpuProfile> {
  for (;;) {
    try {
      if (existsSync(file)) {
        const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
        rmSync(file);
        return profile;
      }
    } catch {
      // half written
    }
    await delay(50);
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  return servers.map((server) => {
    const address = server.address();
    server.close();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
}
