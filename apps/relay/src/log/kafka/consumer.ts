import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs';
import type { Clock } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';
import type { Signal } from '../log.ts';
import type { LoggedRecord } from '../record.ts';
import { FetchPace } from './fetch-pace.ts';
import type { Inbox } from './inbox.ts';
import { headerText, readSignal } from './signals.ts';
import type { TopicNames } from './topics.ts';

const SESSION_TIMEOUT_MS = 10_000;
const HEARTBEAT_INTERVAL_MS = 3000;
// A poll that waits longer makes stopping slow, and on several brokers delays records.
const MAX_WAIT_MS = 250;
const CONCURRENT_PARTITIONS = 64;

/** Just over what a poll may take: a broker that hangs is left quickly. */
export const CONSUME_REQUEST_TIMEOUT_MS = 3000;

export interface ConsumerOptions {
  kafka: Kafka;
  groupId: string;
  names: TopicNames;
  inbox: Inbox;
  /** Next offset to read of the signals' partitions; advanced by the consumer. */
  signalPositions: number[];
  onSignal: (signal: Signal) => void;
  /** Joined, with all partitions: reading begins. */
  onJoined: () => void;
  /** A broker answered a fetch. */
  onFetched: () => void;
  /** The group's coordinator answered. */
  onHeartbeat: () => void;
  /** It reads no more and will not begin again. */
  onEnded: (reason: string) => void;
  clock: Clock;
  logger: Logger;
}

export interface RunningConsumer {
  /** Goes to the positions of the inbox with the next fetch. */
  seek(): void;
  stop(): Promise<void>;
}

/**
 * One life of a consumer. Its group is its own, it commits nothing, and whenever it joins it goes to the positions that
 * the inbox knows.
 * @throws When Kafka cannot be reached.
 */
export async function runConsumer(options: ConsumerOptions): Promise<RunningConsumer> {
  const { kafka, names } = options;
  const consumer = kafka.consumer({
    groupId: options.groupId,
    sessionTimeout: SESSION_TIMEOUT_MS,
    heartbeatInterval: HEARTBEAT_INTERVAL_MS,
    rebalanceTimeout: SESSION_TIMEOUT_MS,
    maxWaitTimeInMs: MAX_WAIT_MS,
    minBytes: 1,
    readUncommitted: true,
    // When one fetch fails, kafkajs stops all fetchers and backs off: briefly, so that consumption follows the acks.
    // It never restarts by itself: the supervisor builds a new one.
    retry: {
      initialRetryTime: 30,
      maxRetryTime: 100,
      multiplier: 1.5,
      retries: 1000,
      restartOnFailure: async () => false,
    },
  });
  const pace = new FetchPace(options.clock);
  let assigned: ReadonlyMap<string, readonly number[]> = new Map();

  const seek = (): void => {
    for (const [topic, partitions] of assigned)
      for (const partition of partitions)
        consumer.seek({ topic, partition, offset: String(positionOf(options, topic, partition)) });
  };

  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assigned = new Map(Object.entries(payload.memberAssignment));
    seek();
    options.onJoined();
  });
  consumer.on(consumer.events.HEARTBEAT, options.onHeartbeat);
  consumer.on(consumer.events.REQUEST, ({ payload }) => {
    if (payload.apiName === 'Fetch') options.onFetched();
  });
  consumer.on(consumer.events.CRASH, ({ payload }) => options.onEnded(payload.error.message));

  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [names.log, names.state, names.signals], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: (payload) => takeBatch(payload, options, pace),
    });
  } catch (error) {
    void disconnect(consumer, options.logger);
    throw error;
  }
  return { seek, stop: () => disconnect(consumer, options.logger) };
}

// It must not throw: kafkajs takes a TypeError for the end of the consumer.
async function takeBatch(payload: EachBatchPayload, options: ConsumerOptions, pace: FetchPace): Promise<void> {
  const { names, inbox, logger } = options;
  const { batch } = payload;
  try {
    if (batch.topic === names.signals) return takeSignals(batch, options);
    const topic = batch.topic === names.log ? 'log' : 'state';
    const end = Number(batch.highWatermark);
    inbox.accept({ topic, partition: batch.partition, records: batch.messages.map(recordOf), end });
    // The next fetch waits for this. The group must hear of us all the same.
    const pauseMs = pace.pauseAfter(batch.messages.length);
    if (pauseMs > 0) await sleep(options.clock, pauseMs);
    while (inbox.full) {
      await Promise.race([inbox.room(), sleep(options.clock, HEARTBEAT_INTERVAL_MS)]);
      await payload.heartbeat();
    }
  } catch (error) {
    logger.warn({ err: error, topic: batch.topic, partition: batch.partition }, 'a fetched batch was not handed on');
  }
}

function takeSignals(batch: EachBatchPayload['batch'], { signalPositions, onSignal }: ConsumerOptions): void {
  const from = signalPositions[batch.partition] ?? 0;
  for (const message of batch.messages) {
    if (Number(message.offset) < from) continue;
    signalPositions[batch.partition] = Number(message.offset) + 1;
    const signal = readSignal(message);
    if (signal !== undefined) onSignal(signal);
  }
}

function positionOf({ names, inbox, signalPositions }: ConsumerOptions, topic: string, partition: number): number {
  if (topic === names.signals) return signalPositions[partition] ?? 0;
  return inbox.position(topic === names.log ? 'log' : 'state', partition);
}

function recordOf({ offset, key, value, headers }: KafkaMessage): LoggedRecord {
  return {
    offset: Number(offset),
    key: key?.toString() ?? '',
    head: headerText(headers, 'head'),
    body: value ?? new Uint8Array(),
  };
}

async function disconnect(consumer: Consumer, logger: Logger): Promise<void> {
  try {
    await consumer.disconnect();
  } catch (error) {
    logger.debug({ err: error }, 'a consumer did not leave in order');
  }
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(resolve, ms));
}
