import { startEmbeddedRelay } from './embedded-relay.ts';

export interface SystemOptions {
  /** What the tests run against. */
  kind: 'embedded' | 'cluster' | 'given';
}

/** A running Parley. */
export interface System {
  readonly url: string;
  /** Relays that a test may kill and start again, by the name that they show. None where the system is given. */
  readonly nodes: readonly Node[];
  /** All brokers, where there are any. */
  readonly kafka?: { kill(): Promise<void>; restart(): Promise<void> };
  stop(): Promise<void>;
}

export interface Node {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

// Tests write faster than people; what they measure is not the limits.
const RELAY_ENV = { RATE_SIGN_INS: '100/1000', RATE_OPERATIONS: '500/2000', RATE_FRAMES: '500/2000' };

export async function startSystem(kind: SystemOptions['kind']): Promise<System> {
  if (kind === 'given') return { url: process.env.PARLEY_URL ?? '', nodes: [], stop: async () => {} };
  if (kind === 'embedded') {
    const relay = await startEmbeddedRelay(RELAY_ENV);
    return {
      url: relay.url,
      nodes: [{ name: 'embedded', kill: relay.kill, restart: relay.restart }],
      stop: relay.stop,
    };
  }
  // Loaded only where it is used: the other kinds need neither Java nor Nginx.
  const { startCluster } = await import('@parley/infra');
  const cluster = await startCluster({ relays: 3, relayEnv: RELAY_ENV });
  const nodes = cluster.relays.map((relay) => ({
    name: relay.name,
    kill: () => relay.kill(),
    restart: () => relay.restart(),
  }));
  const kafka = {
    kill: async () => void (await Promise.all(cluster.brokers.map((broker) => broker.kill()))),
    restart: async () => void (await Promise.all(cluster.brokers.map((broker) => broker.restart()))),
  };
  return { url: cluster.url, nodes, kafka, stop: () => cluster.stop() };
}
