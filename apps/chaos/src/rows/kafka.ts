/** Faults of Kafka and ZooKeeper, and of the way to them. */
import type { Row } from '../row.ts';
import { allButOne, downFor, namesOf, noSocketCloses } from './common.ts';

/** Kafka cannot write: only what was acknowledged before may be expected of a live reader. */
const LONG_LAG = { load: 5_000, calm: 5_000, fault: 60_000 };

export const brokerKilled: Row = {
  id: 'F9',
  fault: '1 of 3 brokers killed',
  load: { rate: 200 },
  bounds: { ackP99Ms: 5_000, ackLongestMs: 6_000 },
  async inject({ cluster, random, sleep, fault }) {
    await sleep(4_000);
    const broker = random.pick(cluster.brokers);
    await fault(`kill -9 ${broker.name}`, async () => {
      await broker.kill();
      await sleep(10_000);
    });
    await fault(`${broker.name} comes back`, () => broker.restart());
  },
  judge: noSocketCloses,
};

export const belowMinIsr: Row = {
  id: 'F10',
  fault: 'below min ISR: 2 of 3 brokers down for 30 s',
  atLeastSeconds: 50,
  bounds: { drainMs: 15_000 },
  audit: { lag: LONG_LAG },
  async inject(field) {
    await field.sleep(4_000);
    const dead = allButOne(field.cluster.brokers, field);
    await field.fault(`kill -9 ${namesOf(dead)}`, () => downFor(field, dead, 30_000));
  },
};

export const kafkaGone: Row = {
  id: 'F11',
  fault: 'Kafka wholly gone for 40 s',
  atLeastSeconds: 60,
  bounds: { drainMs: 15_000 },
  audit: { lag: LONG_LAG },
  async inject(field) {
    const { cluster, problem } = field;
    await field.sleep(4_000);
    await field.fault('kill -9 all brokers', () =>
      downFor(field, cluster.brokers, 40_000, () => {
        for (const { name, running } of cluster.relays) if (!running) problem(`${name} ended`);
      }),
    );
  },
};

export const keepersGone: Row = {
  id: 'F12',
  fault: 'ZooKeeper quorum lost for 20 s',
  atLeastSeconds: 40,
  bounds: { drainMs: 15_000 },
  audit: { lag: LONG_LAG },
  async inject(field) {
    await field.sleep(4_000);
    const dead = allButOne(field.cluster.zookeepers, field);
    await field.fault(`kill -9 ${namesOf(dead)}`, () => downFor(field, dead, 20_000));
  },
};

export const relayCutOff: Row = {
  id: 'F13',
  fault: 'one relay cut off from Kafka for 20 s',
  usesKafkaLinks: true,
  atLeastSeconds: 40,
  bounds: {},
  audit: { lag: LONG_LAG },
  async inject({ cluster, kafka, random, sleep, fault }) {
    await sleep(4_000);
    const { name } = random.pick(cluster.relays);
    await fault(`no way from ${name} to Kafka`, async () => {
      kafka.of(name).setWeather({ isBlackHole: true });
      await sleep(20_000);
      kafka.of(name).setWeather({});
      kafka.of(name).cut();
    });
  },
};

export const relayCannotProduce: Row = {
  id: 'F14',
  fault: 'one relay receives, and cannot produce, for 20 s',
  usesKafkaLinks: true,
  atLeastSeconds: 40,
  bounds: {},
  audit: { lag: LONG_LAG },
  async inject({ cluster, kafka, random, sleep, fault }) {
    await sleep(4_000);
    const { name } = random.pick(cluster.relays);
    await fault(`what ${name} produces does not arrive`, async () => {
      kafka.holdProduce(name);
      await sleep(20_000);
      kafka.releaseProduce(name);
    });
  },
};

export const answersLost: Row = {
  id: 'F15',
  fault: 'answers to produce requests lost after the broker wrote',
  usesKafkaLinks: true,
  bounds: {},
  async inject({ kafka, seconds, elapsedMs, sleep, fault, problem }) {
    await sleep(2_000);
    await fault('every 20th answer is lost', async () => {
      kafka.loseAnswers(0.05);
      await sleep(seconds * 1_000 - elapsedMs() - 2_000);
      kafka.loseAnswers(0);
    });
    if (kafka.lost < 10) problem(`only ${kafka.lost} answers were lost`);
  },
};
