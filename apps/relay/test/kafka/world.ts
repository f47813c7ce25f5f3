import { makeToken } from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import kafkajs, { type Kafka } from 'kafkajs';
import { createKafkaLog, type KafkaLogOptions } from '../../src/log/kafka.ts';
import type { Log } from '../../src/log/log.ts';
import { quiet } from '../log/drafts.ts';

export const newPrefix = (): string => `t-${makeToken(systemRandom)}`;

/** A node of its own life on topics with this prefix. */
export function kafkaNode(
  brokers: readonly string[],
  topicPrefix: string,
  options: Partial<KafkaLogOptions> & { node: string },
): Log {
  return createKafkaLog({
    brokers,
    topicPrefix,
    partitions: 3,
    replicationFactor: 3,
    minInsyncReplicas: 2,
    clock: systemClock,
    random: systemRandom,
    logger: quiet,
    ...options,
  });
}

/** A client of the tests' own, to look at what the log left in Kafka and to prepare what it finds there. */
export function plainKafka(brokers: readonly string[]): Kafka {
  return new kafkajs.Kafka({ brokers: [...brokers], clientId: 'test', logLevel: kafkajs.logLevel.NOTHING });
}

export interface FoundMessage {
  partition: number;
  offset: number;
  key: string;
  body: string;
  headers: Record<string, string>;
}

/** Everything in a topic, in the order of each partition. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<FoundMessage[]> {
  const kafka = plainKafka(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const wanted = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const found: FoundMessage[] = [];
  const consumer = kafka.consumer({ groupId: newPrefix(), maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    if (wanted === 0) resolve();
    consumer
      .run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          found.push({
            partition,
            offset: Number(message.offset),
            key: String(message.key),
            body: String(message.value),
            headers: Object.fromEntries(
              Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
            ),
          });
          if (found.length === wanted) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return found;
}
