import { type KafkaCluster, startKafka } from '@parley/infra';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LogRefusedError } from '../../src/log/log.ts';
import { message, newRoom } from '../log/drafts.ts';
import { Reader } from '../log/reader.ts';
import { kafkaNode, newPrefix, plainKafka } from './world.ts';

let kafka: KafkaCluster;

beforeAll(async () => {
  kafka = await startKafka();
});

afterAll(() => kafka.stop());

const SAFE = {
  'min.insync.replicas': '2',
  'unclean.leader.election.enable': 'false',
  'retention.ms': '-1',
  'retention.bytes': '-1',
  'max.message.bytes': '131072',
  'cleanup.policy': 'delete',
};

async function makeTopic(topic: string, config: Record<string, string>, replicationFactor = 3): Promise<void> {
  const admin = plainKafka(kafka.kafkaBrokers).admin();
  await admin.connect();
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  await admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor, configEntries }] });
  await admin.disconnect();
}

async function refusal(prefix: string): Promise<string> {
  const log = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a' });
  try {
    await log.start(new Reader());
    return 'started';
  } catch (error) {
    expect(error).toBeInstanceOf(LogRefusedError);
    return String(error);
  } finally {
    await log.stop();
  }
}

describe('the Kafka log refuses to start', { timeout: 60_000 }, () => {
  it.each([
    ['retention.ms', '86400000', '-1'],
    ['retention.bytes', '1000000', '-1'],
    ['unclean.leader.election.enable', 'true', 'false'],
    ['min.insync.replicas', '1', 'at least 2'],
    ['cleanup.policy', 'compact', 'delete'],
    ['max.message.bytes', '1000', 'at least 131072'],
  ])('where the log has %s %s', async (setting, value, needed) => {
    const prefix = newPrefix();
    await makeTopic(`${prefix}.log`, { ...SAFE, [setting]: value });
    const said = await refusal(prefix);
    expect(said).toContain(`topic ${prefix}.log would lose data: ${setting} is ${value}, needed is ${needed}`);
  });

  it('where the state is not compacted', async () => {
    const prefix = newPrefix();
    await makeTopic(`${prefix}.state`, SAFE);
    expect(await refusal(prefix)).toContain(`topic ${prefix}.state would lose data: cleanup.policy is delete`);
  });

  it('where a partition has too few copies', async () => {
    const prefix = newPrefix();
    await makeTopic(`${prefix}.log`, SAFE, 2);
    expect(await refusal(prefix)).toMatch(/replication factor of partition \d is 2, needed is at least 3/);
  });

  it('where the log holds something else', async () => {
    const prefix = newPrefix();
    await makeTopic(`${prefix}.log`, SAFE);
    const producer = plainKafka(kafka.kafkaBrokers).producer();
    await producer.connect();
    await producer.send({ topic: `${prefix}.log`, messages: [{ partition: 0, key: 'k', value: 'not ours' }] });
    await producer.disconnect();
    expect(await refusal(prefix)).toContain('does not begin with a genesis record');
  });

  it('where partitions were added after the epoch began', async () => {
    const prefix = newPrefix();
    const log = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a' });
    await log.start(new Reader());
    await log.stop();
    const admin = plainKafka(kafka.kafkaBrokers).admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: `${prefix}.log`, count: 5 }] });
    // Each answer comes from any broker, and they learn of it one after the other.
    let agreed = 0;
    while (agreed < 30) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [`${prefix}.log`] });
      agreed = topics[0]?.partitions.length === 5 ? agreed + 1 : 0;
    }
    await admin.disconnect();
    expect(await refusal(prefix)).toContain(`topic ${prefix}.log has 5 partitions, but began with 3`);
  });

  it('never because of the number of partitions it was configured with: what exists keeps its own', async () => {
    const prefix = newPrefix();
    const first = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a' });
    await first.start(new Reader());
    await first.stop();
    const second = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'b', partitions: 7 });
    const reader = new Reader();
    await second.start(reader);
    await second.append(message(newRoom(), 'hello'));
    await reader.until(() => reader.records.length === 1);
    await second.stop();
    expect(reader.partitions).toEqual({ log: 3, state: 3 });
  });

  it('and stops reading where the log was made anew under it', async () => {
    const prefix = newPrefix();
    const log = kafkaNode(kafka.kafkaBrokers, prefix, { node: 'a' });
    const reader = new Reader();
    await log.start(reader);
    await log.append(message(newRoom(), 'gone'));
    await reader.until(() => reader.records.length === 1);
    const admin = plainKafka(kafka.kafkaBrokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [`${prefix}.log`] });
    await reader.until(() => reader.statuses.at(-1)?.readable === false);
    await admin.disconnect();
    await log.stop();
  });
});
