import type { Admin, Kafka, Producer } from 'kafkajs';
import { createKafkaClient, type KafkaAccess } from './client.ts';
import { CONSUME_REQUEST_TIMEOUT_MS } from './consumer.ts';
import type { Clock } from '@parley/protocol/environment';
import { PRODUCE_REQUEST_TIMEOUT_MS } from './producer.ts';
import { createRenewable, type Renewable } from './renewable.ts';

/** Everything that holds sockets to Kafka, apart from consumers, which come and go. */
export interface Connections {
  admin: Renewable<Admin>;
  producer: Renewable<Producer>;
  /** Apart from `producer`: a broker answers one request of a connection at a time, and signals must not wait for acks. */
  signalProducer: Renewable<Producer>;
  /** Makes consumers. */
  consumers: Kafka;
  close(): Promise<void>;
}

/** @throws When no broker can be reached. */
export async function connect(access: KafkaAccess, clock: Clock): Promise<Connections> {
  const patient = createKafkaClient(access, { requestTimeoutMs: PRODUCE_REQUEST_TIMEOUT_MS });
  const quick = createKafkaClient(access, { requestTimeoutMs: CONSUME_REQUEST_TIMEOUT_MS });
  // Retries are ours: only we know which partition's order hangs on them.
  const environment = { clock, logger: access.logger };
  const producer = createRenewable(() => patient.producer({ ...byPartition, retry: { retries: 0 } }), environment);
  const signalProducer = createRenewable(() => quick.producer({ ...byPartition, retry: { retries: 0 } }), environment);
  const admin = createRenewable(() => quick.admin(), environment);
  const all = [admin, producer, signalProducer];
  const close = async (): Promise<void> => {
    await Promise.allSettled(all.map((part) => part.disconnect()));
  };
  try {
    await Promise.all(all.map((part) => part.connect()));
  } catch (error) {
    await close();
    throw error;
  }
  return { admin, producer, signalProducer, consumers: quick, close };
}

// Every message names its partition. Idempotent mode is off: it has lost acknowledged messages under concurrency.
const byPartition = {
  createPartitioner:
    () =>
    ({ message }: { message: { partition?: number } }): number =>
      message.partition ?? 0,
  allowAutoTopicCreation: false,
  idempotent: false,
};
