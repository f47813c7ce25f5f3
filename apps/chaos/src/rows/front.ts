/** Faults between the clients and the relays. */
import { readStatus } from '../audit/read-views.ts';
import type { Field, Row } from '../row.ts';
import { noSocketCloses } from './common.ts';

const RELOADS = 10;
/** A client that hears nothing pings after 25 s, and gives up after two silences of 5 s. */
const CLIENT_NOTICES_MS = 36_000;
const NODE_NOTICES_MS = 50_000;

export const nginxReloaded: Row = {
  id: 'F6',
  fault: `Nginx reloaded ${RELOADS} times`,
  bounds: {},
  async inject({ cluster, seconds, sleep, fault }) {
    for (let nth = 1; nth <= RELOADS; nth += 1) {
      await sleep((seconds * 1_000) / (RELOADS + 2));
      await fault(`reload nginx, for the ${nth}. time`, () => cluster.nginx.kill('SIGHUP'));
    }
  },
  judge: noSocketCloses,
};

export const nginxKilled: Row = {
  id: 'F7',
  fault: 'Nginx killed and restarted',
  bounds: { recoverMs: 45_000 },
  async inject({ cluster, sleep, fault }) {
    await sleep(3_000);
    await fault('kill -9 nginx', async () => {
      await cluster.nginx.kill();
      await sleep(2_000);
      await cluster.nginx.restart();
    });
  },
};

export const storm: Row = {
  id: 'F8',
  fault: 'reconnect storm: Nginx killed under 3,000 sockets',
  // 10,000 whole clients and their diaries need more than two cores beside the cluster.
  load: { clients: 3_000, rate: 20 },
  bounds: { recoverMs: 60_000 },
  inject: nginxKilled.inject,
};

export const networkFlaps: Row = {
  id: 'F24',
  fault: 'network flaps, 5 s up and 5 s down',
  bounds: { recoverMs: 25_000 },
  async inject({ front, seconds, elapsedMs, sleep, fault }) {
    await sleep(3_000);
    while (elapsedMs() < seconds * 1_000 - 8_000) {
      await fault('network down for 5 s', async () => {
        front.setWeather({ isShut: true });
        front.cut();
        await sleep(5_000);
        front.setWeather({});
      });
      await sleep(5_000);
    }
  },
};

export const halfOpen: Row = {
  id: 'F25',
  fault: 'half-open TCP: both ways silent for ever',
  bounds: { recoverMs: CLIENT_NOTICES_MS + 6_000 },
  audit: { lag: { load: 5_000, calm: 5_000, fault: 60_000 } },
  async inject(field) {
    const { front, fault, sleep } = field;
    await sleep(3_000);
    await fault('every open connection falls silent', async () => {
      const open = await countSessions(field);
      front.freeze();
      await waitUntilFreed(field, open);
    });
    await sleep(5_000);
  },
  judge({ figures: { closes } }, { problem }) {
    if ((closes['4002'] ?? 0) === 0) problem('no client noticed the silence');
  },
};

/** Dead sessions are gone when there are no more than before; the clients are back before that. */
async function waitUntilFreed(field: Field, open: number): Promise<void> {
  const startedMs = field.elapsedMs();
  let most = open;
  while (field.elapsedMs() - startedMs < NODE_NOTICES_MS) {
    const now = await countSessions(field);
    most = Math.max(most, now);
    if (most > open && now <= open) return;
    await field.sleep(500);
  }
  field.problem(`${await countSessions(field)} sessions instead of ${open} after ${NODE_NOTICES_MS} ms`);
}

async function countSessions({ cluster }: Field): Promise<number> {
  const statuses = await Promise.all(cluster.relays.map(readStatus));
  return statuses.reduce((sum, status) => sum + (status?.sessions ?? 0), 0);
}

export const slowNetwork: Row = {
  id: 'F26',
  fault: 'latency of 300 ± 200 ms',
  bounds: { ackP99Ms: 2_500 },
  async inject({ front, seconds, elapsedMs, sleep, fault }) {
    await sleep(2_000);
    await fault('50 to 250 ms in each direction', async () => {
      front.setWeather({ delayMs: 50, jitterMs: 200 });
      await sleep(seconds * 1_000 - elapsedMs() - 1_000);
      front.setWeather({});
    });
  },
  judge: noSocketCloses,
};
