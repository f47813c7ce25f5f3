/** Faults of the relays' processes. */
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import type { Member } from '@parley/infra';
import { kafkaClient } from '../audit/read-log.ts';
import type { Row } from '../row.ts';
import { rssOf } from './common.ts';

const KILL_EVERY_MS = 10_000;
const EXIT_WITHIN_MS = 30_000;

export const relayKilled: Row = {
  id: 'F1',
  fault: 'relay killed',
  bounds: { recoverMs: 10_000 },
  async inject({ cluster, random, seconds, elapsedMs, sleep, fault }) {
    for (let dueMs = 2_000; dueMs < seconds * 1_000 - 3_000; dueMs += KILL_EVERY_MS) {
      await sleep(dueMs - elapsedMs());
      const relay = random.pick(cluster.relays);
      await fault(`kill -9 ${relay.name}`, async () => {
        await relay.kill();
        await sleep(2_000);
        await relay.restart();
      });
    }
  },
};

export const relayPaused: Row = {
  id: 'F2',
  fault: 'relay paused for 60 s, then woken',
  atLeastSeconds: 75,
  bounds: { recoverMs: 45_000 },
  // Nobody can tell a paused node from a dead one; once it is awake, or its clients have left it, the truth is back.
  audit: { presence: { onlineMs: 5_000, offlineMs: 60_000, graceMs: 8_000, settleMs: 5_000, afterFaultMs: 5_000 } },
  async inject({ cluster, random, sleep, fault }) {
    await sleep(3_000);
    const relay = random.pick(cluster.relays);
    await fault(`pause ${relay.name} for 60 s`, async () => {
      relay.pause();
      await sleep(60_000);
      relay.resume();
      await sleep(5_000);
    });
  },
};

export const relayHeld: Row = {
  id: 'F3',
  fault: 'relay held for 5 s, as by a blocked event loop',
  bounds: { recoverMs: 15_000 },
  async inject({ cluster, random, seconds, elapsedMs, sleep, fault }) {
    for (let dueMs = 2_000; dueMs < seconds * 1_000 - 8_000; dueMs += 15_000) {
      await sleep(dueMs - elapsedMs());
      const relay = random.pick(cluster.relays);
      await fault(`hold ${relay.name} for 5 s`, async () => {
        relay.pause();
        await sleep(5_000);
        relay.resume();
      });
    }
  },
};

export const rollingDrain: Row = {
  id: 'F4',
  fault: 'rolling drain of all relays',
  bounds: { recoverMs: 10_000 },
  async inject({ cluster, sleep, fault, problem }) {
    await sleep(2_000);
    for (const relay of cluster.relays) {
      await fault(`SIGTERM ${relay.name}`, async () => {
        const startedMs = performance.now();
        await relay.stop(EXIT_WITHIN_MS + 5_000);
        const tookMs = performance.now() - startedMs;
        const { code } = await relay.exited;
        if (tookMs > EXIT_WITHIN_MS) problem(`${relay.name} took ${Math.round(tookMs)} ms to leave`);
        if (code !== 0) problem(`${relay.name} left with ${code}`);
        await relay.restart();
      });
    }
  },
  judge({ figures: { closes } }, { problem }) {
    if ((closes['1006'] ?? 0) > 0) problem(`${closes['1006']} sockets were closed with 1006`);
  },
};

export const allRelaysRestart: Row = {
  id: 'F5',
  fault: 'all relays killed at once',
  bounds: { recoverMs: 60_000 },
  async inject({ cluster, sleep, fault }) {
    await sleep(3_000);
    await fault('kill -9 all relays', async () => {
      await Promise.all(cluster.relays.map((relay) => relay.kill()));
      await Promise.all(cluster.relays.map((relay) => relay.restart()));
    });
  },
};

/** Of a node that stays, from its first quarter on, in which it gets warm. */
const SOAK_GROWTH_BYTES = 96 * 1024 * 1024;

/** Shows what grows with every life of a node: run it for hours (`--seconds 7200`). */
export const soak: Row = {
  id: 'F37',
  fault: 'soak: all relays but one restart by turns, all the time',
  atLeastSeconds: 60,
  bounds: { recoverMs: 15_000, ackP99Ms: 5_000 },
  async inject({ cluster, seconds, elapsedMs, sleep, fault, problem }) {
    const [stays, ...others] = cluster.relays as [Member, ...Member[]];
    let lives = others.length + 1;
    let warm: number | undefined;
    await sleep(2_000);
    await fault(`all but ${stays.name} restart`, async () => {
      for (let turn = 0; elapsedMs() < seconds * 1_000 - 5_000; turn += 1) {
        const relay = others[turn % others.length]!;
        // By turns without a word, and in peace.
        await (Math.floor(turn / others.length) % 2 === 0 ? relay.kill() : relay.stop());
        await relay.restart();
        lives += 1;
        await sleep(1_000);
        if (elapsedMs() > seconds * 250) warm ??= rssOf(stays.pid);
      }
    });
    const growth = rssOf(stays.pid) - (warm ?? 0);
    if (growth > SOAK_GROWTH_BYTES)
      problem(`${stays.name} grew by ${Math.round(growth / 2 ** 20)} MiB over ${lives} lives of nodes`);
    const groups = await groupsOf(cluster.kafkaBrokers);
    if (groups.length > cluster.relays.length)
      problem(`${lives} lives of nodes left ${groups.length} consumer groups: ${groups.join(', ')}`);
  },
};

async function groupsOf(brokers: readonly string[]): Promise<string[]> {
  const admin = kafkaClient(brokers).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  return groups.map(({ groupId }) => groupId);
}

export const viewSpoilt: Row = {
  id: 'F18',
  fault: 'view file deleted, cut short, overwritten',
  bounds: { recoverMs: 20_000 },
  async inject({ cluster, sleep, fault }) {
    await sleep(3_000);
    const harms: [string, (file: string) => void][] = [
      ['deleted', (file) => ['', '-wal', '-shm'].forEach((suffix) => rmSync(file + suffix, { force: true }))],
      ['cut short', (file) => truncateSync(file, 10_000)],
      ['overwritten', (file) => writeFileSync(file, 'no database')],
    ];
    for (const [at, relay] of cluster.relays.entries()) {
      const [name, harm] = harms[at % harms.length]!;
      await fault(`kill -9 ${relay.name}, its view ${name}`, async () => {
        await relay.kill();
        harm(`${cluster.dataDir}/${relay.name}/data/view.sqlite`);
        await relay.restart();
      });
    }
  },
};

export const relayKilledWhileApplying: Row = {
  id: 'F19',
  fault: 'relay killed at random points of applying',
  bounds: {},
  async inject({ cluster, random, seconds, elapsedMs, sleep, fault }) {
    const relay = random.pick(cluster.relays);
    await sleep(1_000);
    for (let nth = 1; elapsedMs() < seconds * 1_000 - 3_000; nth += 1) {
      const lifeMs = random.whole(0, 1_000);
      await fault(`kill -9 ${relay.name}, for the ${nth}. time`, async () => {
        await relay.kill();
        await relay.restart();
      });
      await sleep(lifeMs);
    }
  },
};
