/** Faults of what a relay is made of and of what it takes for granted: its build, and its clock. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Member } from '@parley/infra';
import { readStatus } from '../audit/read-views.ts';
import type { Field, Row } from '../row.ts';
import { RawPeer, signInRaw } from './raw-peer.ts';

const NEWER_BUILD_HOOK = fileURLToPath(new URL('../system/newer-build.ts', import.meta.url));
const WRONG_CLOCK_HOOK = fileURLToPath(new URL('../system/wrong-clock.ts', import.meta.url));

const fileOf = ({ cluster }: Field, relay: Member, name: string): string => `${cluster.dataDir}/${relay.name}/${name}`;

const NEWER_BUILD = 'newer-build';
const STOPS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;

/** An update of one node after the other that pays no heed to the version of records. */
export const newerRecords: Row = {
  id: 'F17',
  fault: 'one relay of a newer build writes records that the others do not know',
  atLeastSeconds: 35,
  relayEnv: { NODE_OPTIONS: `--import=${NEWER_BUILD_HOOK}`, CHAOS_NEWER_BUILD: NEWER_BUILD },
  bounds: { recoverMs: 20_000 },
  async inject(field) {
    const { cluster, random, sleep, fault, problem } = field;
    const first = random.pick(cluster.relays);
    const others = cluster.relays.filter((relay) => relay !== first);
    await sleep(3_000);
    await fault(`${first.name} is of a newer build`, async () => {
      await update(field, first);
      for (const { name, reason } of await Promise.all(others.map((relay) => reasonToStop(field, relay)))) {
        if (reason === undefined) problem(`${name} stayed ready for ${STOPS_WITHIN_MS} ms`);
        else if (!reason.startsWith('upgrade me: ')) problem(`${name} is not ready, and says only: ${reason}`);
      }
      // Meanwhile everybody is on the one node that goes on.
      await sleep(5_000);
    });
    for (const relay of others) await fault(`${relay.name} follows`, () => update(field, relay));
  },
};

async function update(field: Field, relay: Member): Promise<void> {
  await relay.stop();
  writeFileSync(fileOf(field, relay, NEWER_BUILD), '');
  await relay.restart();
}

async function reasonToStop({ elapsedMs, sleep }: Field, relay: Member): Promise<{ name: string; reason?: string }> {
  const { name } = relay;
  for (const untilMs = elapsedMs() + STOPS_WITHIN_MS; elapsedMs() < untilMs; await sleep(LOOK_EVERY_MS)) {
    const status = await readStatus(relay);
    if (status?.ready === false) return { name, reason: status.reason ?? '' };
  }
  return { name };
}

const CLOCK = 'clock-is-ahead-by-ms';
const HOUR_MS = 3_600_000;
/** Of a time that was asked for over a busy machine. */
const MOST_DOUBT_MS = 10_000;

export const wrongClocks: Row = {
  id: 'F23',
  fault: 'clocks of relays and of clients are an hour ahead, an hour behind, and jump',
  atLeastSeconds: 30,
  relayEnv: { NODE_OPTIONS: `--import=${WRONG_CLOCK_HOOK}`, CHAOS_CLOCK: CLOCK },
  bounds: { recoverMs: 10_000 },
  async inject(field) {
    const { cluster, people, random, sleep, fault } = field;
    const fast = random.pick(cluster.relays);
    const slow = random.pick(cluster.relays.filter((relay) => relay !== fast));
    await sleep(2_000);
    await fault(`${fast.name} is an hour ahead, ${slow.name} an hour behind`, async () => {
      await setClock(field, fast, HOUR_MS);
      await setClock(field, slow, -HOUR_MS);
      await sleep(4_000);
    });
    await fault('the people of one process are an hour ahead, those of another an hour behind', async () => {
      await people.setClocks([HOUR_MS, -HOUR_MS]);
      await sleep(4_000);
    });
    for (const relay of [fast, slow]) {
      await fault(`kill -9 ${relay.name}, which comes back with its wrong clock`, async () => {
        await relay.kill();
        await relay.restart();
        await sleep(2_000);
      });
    }
    await fault('every clock is right again', async () => {
      for (const relay of [fast, slow]) await setClock(field, relay, 0);
      await people.setClocks([0, 0]);
    });
  },
};

/** Sets it while the relay runs, and asks it for the time as a client would. */
async function setClock(field: Field, relay: Member, aheadByMs: number): Promise<void> {
  writeFileSync(fileOf(field, relay, CLOCK), String(aheadByMs));
  await relay.kill('SIGUSR2');
  const peer = await RawPeer.open(relay.url ?? '', await signInRaw(field.cluster.url, 'asks for the time'));
  peer.end();
  const isAheadByMs = peer.greetedAt - Date.now();
  if (Math.abs(isAheadByMs - aheadByMs) > MOST_DOUBT_MS)
    field.problem(`the clock of ${relay.name} is ${isAheadByMs} ms ahead instead of ${aheadByMs} ms`);
}
