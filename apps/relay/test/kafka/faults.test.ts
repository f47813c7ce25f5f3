import { type KafkaCluster, startKafka } from '@parley/infra';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Log, type LogPositions, LogUnavailableError } from '../../src/log/log.ts';
import { message, newRoom } from '../log/drafts.ts';
import { Reader } from '../log/reader.ts';
import { Load, once, quantile, watchArrivals } from './load.ts';
import { kafkaNode, newPrefix, plainKafka } from './world.ts';

type Broker = KafkaCluster['brokers'][number];

let kafka: KafkaCluster;
let running: Log[] = [];
let readers: Reader[] = [];

beforeAll(async () => {
  kafka = await startKafka();
});

afterAll(() => kafka.stop());

afterEach(async () => {
  await Promise.all(running.map((log) => log.stop()));
  for (const broker of kafka.brokers) if (!broker.running) await broker.restart();
  expect(readers.flatMap(({ faults }) => faults)).toEqual([]);
  running = [];
  readers = [];
});

async function begin(prefix: string, node: string, from?: LogPositions): Promise<{ log: Log; reader: Reader }> {
  const log = kafkaNode(kafka.kafkaBrokers, prefix, { node });
  const reader = new Reader(from);
  running.push(log);
  readers.push(reader);
  const { ends } = await log.start(reader);
  await reader.reached(ends);
  return { log, reader };
}

async function leaderOf(topic: string, partition: number): Promise<number> {
  const admin = plainKafka(kafka.kafkaBrokers).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  const found = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
  return found?.leader ?? 0;
}

describe('the Kafka log when brokers die', { timeout: 120_000 }, () => {
  it.each([
    { fault: 'killed', hit: (broker: Broker) => broker.kill() },
    { fault: 'paused', hit: async (broker: Broker) => broker.pause() },
  ])(
    'loses nothing, doubles nothing and keeps order when a leading broker is $fault under load',
    async ({ fault, hit }) => {
      const prefix = newPrefix();
      const nodes = await Promise.all(['a', 'b', 'c'].map((node) => begin(prefix, node)));
      const seen = nodes.map(({ reader }) => watchArrivals(reader));
      const rooms = Array.from({ length: 24 }, newRoom);
      const load = new Load(nodes, rooms);
      await load.run(2000, 200);
      const victim = kafka.brokers[(await leaderOf(`${prefix}.log`, 0)) - 1];
      if (victim === undefined) throw new Error('no leader');
      await Promise.all([load.run(10_000, 200), hit(victim)]);
      if (fault === 'paused') victim.resume();
      for (const { log, reader } of nodes) await reader.reached(await log.ends());

      expect(load.failed).toEqual([]);
      const lags: number[] = [];
      for (const [at, { reader }] of nodes.entries()) {
        for (const [room, texts] of load.appended) expect(once(reader.texts(room))).toEqual(texts);
        for (const [text, ackedAt] of load.ackedAt) lags.push((seen[at]?.get(text) ?? Infinity) - ackedAt);
      }
      const acks = [...load.ackedAt].map(([text, at]) => at - (load.appendedAt.get(text) ?? 0));
      const rewritten = (nodes[0]?.reader.records.length ?? 0) - load.ackedAt.size;
      console.log(
        `broker ${fault}: ${load.ackedAt.size} acked, longest ack ${quantile(acks, 1)} ms, seen after the ack p99 ${quantile(lags, 0.99)} ms, most ${quantile(lags, 1)} ms, ${rewritten} written twice by retries`,
      );
      // Figures are printed; what is held is the mechanism. Unpatched, reading stops for 5 to 17 s, and a lost session is 30 s.
      expect(quantile(lags, 0.99)).toBeLessThan(4_000);
      expect(quantile(acks, 1)).toBeLessThan(20_000);
    },
  );

  it('refuses appends below min.insync.replicas, says so, goes on reading, and recovers by itself', async () => {
    const prefix = newPrefix();
    const { log, reader } = await begin(prefix, 'a');
    await log.append(message(newRoom(), 'before'));
    const [, second, third] = kafka.brokers;
    await Promise.all([second?.kill(), third?.kill()]);
    await expect(log.append(message(newRoom(), 'lost?'))).rejects.toThrow(LogUnavailableError);
    await reader.until(() => reader.statuses.at(-1)?.writable === false);
    expect(reader.statuses.at(-1)?.reason).toMatch(/Kafka takes no appends on /);
    // At once now: nobody waits in vain.
    await expect(appendSomewhere(log)).rejects.toMatchObject({ maybeWritten: false });

    await Promise.all([second?.restart(), third?.restart()]);
    await reader.until(() => reader.statuses.at(-1)?.writable === true && reader.statuses.at(-1)?.readable === true);
    const room = newRoom();
    await log.append(message(room, 'after'));
    await reader.until(() => reader.texts(room).length === 1);
  });

  it('outlives the whole of Kafka: unreadable meanwhile, nothing left out afterwards', async () => {
    const prefix = newPrefix();
    const [a, b] = await Promise.all([begin(prefix, 'a'), begin(prefix, 'b')]);
    const room = newRoom();
    await a.log.append(message(room, 'one'));
    await b.reader.until(() => b.reader.texts(room).length === 1);
    await Promise.all(kafka.brokers.map((broker) => broker.kill()));
    await b.reader.until(() => b.reader.statuses.at(-1)?.readable === false);
    await expect(b.log.ends()).rejects.toThrow(LogUnavailableError);

    // A node that starts now waits for Kafka.
    const late = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'late' });
    const lateReader = new Reader();
    running.push(late);
    const started = late.start(lateReader);
    await lateReader.until(() => lateReader.statuses.at(-1)?.writable === false);

    await Promise.all(kafka.brokers.map((broker) => broker.restart()));
    for (const { reader } of [a, b])
      await reader.until(() => reader.statuses.at(-1)?.readable === true && reader.statuses.at(-1)?.writable === true);
    await b.log.append(message(room, 'two'));
    await lateReader.reached((await started).ends);
    for (const reader of [a.reader, b.reader, lateReader]) {
      await reader.until(() => reader.texts(room).length === 2);
      expect(reader.texts(room)).toEqual(['one', 'two']);
    }
  });
});

/** Tries keys until a partition that takes no appends is met. */
async function appendSomewhere(log: Log): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) await log.append(message(newRoom(), 'nowhere'));
}
