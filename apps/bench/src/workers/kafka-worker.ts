/** The baseline of `latency`: nothing but kafkajs, from produce (acks=all) to consumed, in one process. */
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type Consumer, type ISocketFactoryArgs, type Kafka, type Producer } from 'kafkajs';
import { nowMs, pace } from '../measure/pace.ts';
import { stampedText } from './people.ts';
import { serve } from '@parley/testing';

const DRAIN_MS = 15_000;
const REPLICAS = 3;

export interface RoundTrips {
  sent: number;
  lost: number;
  ackMs: Float64Array;
  seenMs: Float64Array;
  latestMs: number;
}

let producer: Producer | undefined;
let consumer: Consumer | undefined;
let topicName = '';
let partitionCount = 1;
const waiting = new Map<string, number>();
let seenMs: number[] = [];
let count = 0;

export type KafkaWorker = typeof methods;

const methods = {
  /** Makes a topic like the relays' log and resolves when a first record has come back. */
  async open({ brokers, topic, partitions }: { brokers: string[]; topic: string; partitions: number }) {
    const kafka = connectTo(brokers);
    topicName = topic;
    partitionCount = partitions;
    await createTopic(kafka);
    producer = kafka.producer({
      allowAutoTopicCreation: false,
      idempotent: false,
      createPartitioner: () => (args) => args.message.partition ?? 0,
    });
    await producer.connect();
    await startConsumer(kafka);
    await firstRoundTrip();
  },

  async run({ rate, seconds, bytes }: { rate: number; seconds: number; bytes: number }): Promise<RoundTrips> {
    waiting.clear();
    seenMs = [];
    const ackMs: number[] = [];
    let failed = 0;
    const { sent, latestMs } = await pace({ rate, seconds }, () => {
      const fromMs = nowMs();
      send(fromMs, bytes).then(
        () => ackMs.push(nowMs() - fromMs),
        () => (failed += 1),
      );
    });
    const endedMs = nowMs();
    while ((waiting.size > 0 || ackMs.length + failed < sent) && nowMs() - endedMs < DRAIN_MS) await delay(2);
    return {
      sent,
      lost: waiting.size + failed,
      ackMs: Float64Array.from(ackMs),
      seenMs: Float64Array.from(seenMs),
      latestMs,
    };
  },

  async close() {
    await Promise.allSettled([producer?.disconnect(), consumer?.disconnect()]);
  },
};

serve(methods);

async function send(fromMs: number, bytes: number): Promise<void> {
  count += 1;
  const key = `message ${count}`;
  waiting.set(key, fromMs);
  const message = { key, value: stampedText(fromMs, bytes), partition: count % partitionCount };
  try {
    await producer?.send({ topic: topicName, acks: -1, messages: [message] });
  } catch (error) {
    waiting.delete(key);
    throw error;
  }
}

function connectTo(brokers: string[]): Kafka {
  return new kafkajs.Kafka({
    brokers,
    clientId: 'bench',
    connectionTimeout: 5_000,
    retry: { initialRetryTime: 50, maxRetryTime: 200, multiplier: 1.5, retries: 100 },
    socketFactory: openSocket,
    logLevel: kafkajs.logLevel.NOTHING,
  });
}

// As the relay opens its sockets: without TCP_NODELAY small requests wait for the acknowledgement of the packet before.
function openSocket({ host, port, onConnect }: ISocketFactoryArgs): net.Socket {
  const socket = net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

async function createTopic(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }];
  const topic = { topic: topicName, numPartitions: partitionCount, replicationFactor: REPLICAS, configEntries };
  await admin.createTopics({ topics: [topic], waitForLeaders: true });
  while (!(await isKnown(admin))) await delay(100);
  await admin.disconnect();
}

// Until every broker knows it, subscribing to it and producing to it throw.
async function isKnown(admin: Admin): Promise<boolean> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topicName] });
    return topics[0]?.partitions.every(({ isr }) => isr.length === REPLICAS) === true;
  } catch {
    return false;
  }
}

async function startConsumer(kafka: Kafka): Promise<void> {
  consumer = kafka.consumer({
    groupId: `${topicName}-${process.pid}`,
    sessionTimeout: 10_000,
    heartbeatInterval: 3_000,
    rebalanceTimeout: 10_000,
    maxWaitTimeInMs: 250,
    minBytes: 1,
    readUncommitted: true,
  });
  await consumer.connect();
  await untilDone(() => consumer?.subscribe({ topics: [topicName], fromBeginning: true }));
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: 64,
    eachBatch: async ({ batch }) => {
      const arrivedMs = nowMs();
      for (const { key } of batch.messages) arrived(key?.toString() ?? '', arrivedMs);
    },
  });
}

function arrived(key: string, arrivedMs: number): void {
  const fromMs = waiting.get(key);
  if (fromMs === undefined) return;
  waiting.delete(key);
  seenMs.push(arrivedMs - fromMs);
}

// One broker may hear of a new topic later than the one that was asked.
async function untilDone(work: () => Promise<void> | undefined): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries === 50) throw error;
      await delay(200);
    }
  }
}

async function firstRoundTrip(): Promise<void> {
  await untilDone(() => send(nowMs(), 100));
  while (waiting.size > 0) await delay(20);
}
