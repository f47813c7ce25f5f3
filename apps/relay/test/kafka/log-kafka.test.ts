import { type KafkaCluster, startKafka } from '@parley/infra';
import { afterAll, beforeAll } from 'vitest';
import { describeLog } from '../log-suite.ts';
import { kafkaNode, newPrefix, readTopic } from './world.ts';

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
