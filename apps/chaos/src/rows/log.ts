/** Faults of what is in the log, and of where a node keeps what it read of it. */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { makeOperationId, makeRoomId, makeUserId } from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { kafkaClient, LOG_TOPIC } from '../audit/read-log.ts';
import { readStatus } from '../audit/read-views.ts';
import type { Field, Row } from '../row.ts';

const RELAY_MAIN = fileURLToPath(new URL('../../../relay/src/main.ts', import.meta.url));
const POISON_EVERY_MS = 1_000;

export const poison: Row = {
  id: 'F16',
  fault: 'records in the log that nobody can apply',
  bounds: { silenceMs: 3_000 },
  async inject({ cluster, seconds, elapsedMs, sleep, fault, problem }) {
    const producer = kafkaClient(cluster.kafkaBrokers).producer();
    await producer.connect();
    let sent = 0;
    await sleep(2_000);
    await fault('poison into every partition', async () => {
      while (elapsedMs() < seconds * 1_000 - 3_000) {
        for (const { head, value } of poisonous()) {
          await producer.send({
            topic: LOG_TOPIC,
            messages: [{ key: makeRoomId(systemRandom), value, headers: { head } }],
          });
          sent += 1;
        }
        await sleep(POISON_EVERY_MS);
      }
    });
    await producer.disconnect();
    await sleep(1_000);
    for (const relay of cluster.relays) {
      const skipped = (await readStatus(relay))?.metrics.malformed;
      if (skipped !== sent) problem(`${relay.name} skipped ${skipped} of ${sent} records that cannot be applied`);
    }
  },
};

function poisonous(): { head: string; value: Buffer }[] {
  const id = makeOperationId(systemClock, systemRandom);
  const head = `1 message ${id} ${makeUserId(systemRandom)} 1`;
  return [
    { head: 'no head', value: Buffer.from('{"a":') },
    { head: head.replace('message', 'somethingNew'), value: Buffer.from('{}') },
    { head, value: Buffer.alloc(100 * 1024, 'x') },
    { head, value: Buffer.from('a\u0000b') },
    { head, value: Buffer.from([0xff, 0xfe, 0xfd]) },
    { head, value: Buffer.alloc(0) },
  ];
}

/** Room for an empty view, and not for much more. */
const SMALL_DISK = '1536k';
const ROOMY_DISK = '256m';

export const diskFull: Row = {
  id: 'F20',
  fault: 'disk full where a node keeps its view',
  atLeastSeconds: 45,
  load: { textLength: [500, 1_000] },
  bounds: {},
  async inject({ cluster, random, elapsedMs, sleep, fault, problem, atEnd, seconds }) {
    const relay = random.pick(cluster.relays);
    const folder = `${cluster.dataDir}/${relay.name}/data`;
    await sleep(1_000);
    await fault(`${relay.name} on a disk of ${SMALL_DISK}`, async () => {
      await relay.kill();
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', folder]);
      atEnd(() => void execFileSync('umount', ['-l', folder]));
      await relay.restart();
      let reason: string | undefined;
      while (reason === undefined && elapsedMs() < seconds * 1_000 - 10_000) {
        await sleep(250);
        const status = await readStatus(relay);
        if (status?.ready === false) reason = status.reason;
      }
      if (reason === undefined) problem(`${relay.name} stayed ready on a disk that is too small`);
      else if (!/full|space/iu.test(reason)) problem(`${relay.name} is not ready, and says only: ${reason}`);
    });
    await fault('room on the disk again', async () => {
      execFileSync('mount', ['-o', `remount,size=${ROOMY_DISK}`, folder]);
    });
  },
};

/** Three looks 3 s apart that find it gone, 5 s in which the sessions are sent elsewhere, and some seconds for a busy machine. */
const LEAVES_WITHIN_MS = 25_000;

export const logRecreated: Row = {
  id: 'F21',
  fault: 'log deleted and made anew',
  atLeastSeconds: 50,
  bounds: {},
  // The rooms are gone with the log.
  refusals: ['not_found'],
  audit: { lag: { calm: 5_000 } },
  async inject({ cluster, sleep, fault, problem }) {
    await sleep(5_000);
    await fault('the topics are deleted', async () => {
      const admin = kafkaClient(cluster.kafkaBrokers).admin();
      await admin.connect();
      await admin.deleteTopics({ topics: [LOG_TOPIC, 'parley.state'] });
      await admin.disconnect();
      // Each node finds out by itself and leaves; whoever watches over it starts it again.
      await Promise.all(
        cluster.relays.map(async (relay) => {
          const outcome = await Promise.race([relay.exited, sleep(LEAVES_WITHIN_MS).then(() => 'stayed' as const)]);
          if (outcome === 'stayed')
            problem(`${relay.name} still runs ${LEAVES_WITHIN_MS} ms after its log was deleted`);
          await relay.restart();
        }),
      );
    });
  },
};

const FENCED_WITHIN_MS = 20_000;

export const sameNodeTwice: Row = {
  id: 'F22',
  fault: 'a second process with the same NODE_ID',
  atLeastSeconds: 30,
  bounds: {},
  async inject(field) {
    const { cluster, random, sleep, fault, problem } = field;
    const relay = random.pick(cluster.relays);
    await sleep(3_000);
    await fault(`another ${relay.name}`, async () => {
      const other = spawnTwin(field, relay.name);
      const outcome = await Promise.race([relay.exited, sleep(FENCED_WITHIN_MS).then(() => 'stayed' as const)]);
      if (outcome === 'stayed') problem(`the older ${relay.name} still runs after ${FENCED_WITHIN_MS} ms`);
      const log = readFileSync(relay.logFile, 'utf8');
      if (outcome !== 'stayed' && !/another process runs under this NODE_ID/u.test(log)) {
        problem(`the older ${relay.name} left without saying why`);
      }
      other.kill('SIGKILL');
    });
  },
};

function spawnTwin({ cluster, atEnd }: Field, name: string): ReturnType<typeof spawn> {
  const env = {
    PATH: process.env['PATH'],
    LOG: 'kafka',
    KAFKA_BROKERS: cluster.kafkaBrokers.join(','),
    NODE_ID: name,
    PORT: '0',
    DATA_DIR: `${cluster.dataDir}/twin-of-${name}`,
    SESSION_SECRET: readFileSync(`${cluster.dataDir}/session-secret`, 'utf8'),
  };
  const child = spawn(process.execPath, ['--conditions=development', RELAY_MAIN], { env, stdio: 'ignore' });
  atEnd(() => void child.kill('SIGKILL'));
  return child;
}
