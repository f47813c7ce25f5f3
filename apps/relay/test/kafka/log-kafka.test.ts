import { type KafkaCluster, startKafka } from '@parley/infra';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLog } from '../log-suite.ts';
import { message, newRoom } from '../log/drafts.ts';
import { Reader } from '../log/reader.ts';
import { kafkaNode, newPrefix, plainKafka, readTopic } from './world.ts';

let kafka: KafkaCluster;

beforeAll(async () => {
  kafka = await startKafka();
});

afterAll(() => kafka.stop());

describeLog(
  'Kafka',
  async () => {
    const prefix = newPrefix();
    return {
      node: (name) => kafkaNode(kafka.kafkaBrokers, prefix, { node: name }),
      async deadLetters() {
        const found = await readTopic(kafka.kafkaBrokers, `${prefix}.dead`);
        return found.map(({ body, headers }) => ({
          partition: Number(headers['partition']),
          offset: Number(headers['offset']),
          body,
          reason: headers['reason'] ?? '',
        }));
      },
      async close() {},
    };
  },
  { shared: true, timeoutMs: 60_000 },
);

it('shows Kafka how far a node has read, under a group of its own', { timeout: 60_000 }, async () => {
  const prefix = newPrefix();
  const log = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a', partitions: 1 });
  const reader = new Reader();
  await log.start(reader);
  await log.append(message(newRoom(), 'one'));
  await log.append(message(newRoom(), 'two'));
  await reader.until(() => reader.records.length === 2);
  const admin = plainKafka(kafka.kafkaBrokers).admin();
  await admin.connect();
  const shown = async (): Promise<string | undefined> => {
    const topics = await admin.fetchOffsets({ groupId: `${prefix}.a`, topics: [`${prefix}.log`] });
    return topics[0]?.partitions[0]?.offset;
  };
  // Genesis and two messages.
  await expect.poll(shown, { timeout: 40_000, interval: 500 }).toBe('3');
  await admin.disconnect();
  await log.stop();
});

it('keeps the newest presence of each user for other services', { timeout: 60_000 }, async () => {
  const prefix = newPrefix();
  const log = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a', partitions: 1 });
  await log.start(new Reader());
  await Promise.all([log.announce('u1', Buffer.from('online')), log.announce('u1', Buffer.from('offline'))]);
  await log.stop();
  const found = await readTopic(kafka.kafkaBrokers, `${prefix}.presence`);
  expect(found.map(({ key, body }) => [key, body])).toEqual([
    ['u1', 'online'],
    ['u1', 'offline'],
  ]);
  const admin = plainKafka(kafka.kafkaBrokers).admin();
  await admin.connect();
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefix}.presence` }],
  });
  await admin.disconnect();
  const policy = resources[0]?.configEntries.find(({ configName }) => configName === 'cleanup.policy');
  expect(policy?.configValue).toBe('compact');
});
