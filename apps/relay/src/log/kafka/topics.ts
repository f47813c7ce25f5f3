import kafkajs, { type Admin, type ITopicConfig, type ITopicMetadata } from 'kafkajs';
import type { Logger } from '../../logger.ts';
import { LogRefusedError } from '../log.ts';

export interface TopicNames {
  log: string;
  state: string;
  signals: string;
  /** Who came and went, for other services. */
  presence: string;
  dead: string;
}

export interface TopicWishes {
  /** Of the log and the state, where they do not exist yet. */
  partitions: number;
  replicationFactor: number;
  minInsyncReplicas: number;
}

/** `max.message.bytes` of log and state. Kafka means a whole batch by it, so it bounds a batch of the producer as well. */
export const MAX_MESSAGE_BYTES = 128 * 1024;
// A signal is worth nothing a minute later.
const SIGNALS_RETENTION_MS = 60_000;

export function topicNames(prefix: string): TopicNames {
  return {
    log: `${prefix}.log`,
    state: `${prefix}.state`,
    signals: `${prefix}.signals`,
    presence: `${prefix}.presence`,
    dead: `${prefix}.dead`,
  };
}

/** Creates the topics that are missing. Another node may do the same at the same time. */
export async function createTopics(admin: Admin, names: TopicNames, wishes: TopicWishes): Promise<void> {
  const existing = new Set(await admin.listTopics());
  const missing = wantedTopics(names, wishes).filter(({ topic }) => !existing.has(topic));
  if (missing.length === 0) return;
  await admin.createTopics({ topics: missing, waitForLeaders: true });
}

function wantedTopics(names: TopicNames, wishes: TopicWishes): ITopicConfig[] {
  const durable = {
    'min.insync.replicas': String(wishes.minInsyncReplicas),
    'unclean.leader.election.enable': 'false',
    'retention.ms': '-1',
    'retention.bytes': '-1',
    'max.message.bytes': String(MAX_MESSAGE_BYTES),
  };
  const replicationFactor = wishes.replicationFactor;
  const topic = (name: string, numPartitions: number, config: Record<string, string>): ITopicConfig => ({
    topic: name,
    numPartitions,
    replicationFactor,
    // By the broker's clock: it refuses records, or ends their retention, by their time, and a node's clock may be wrong.
    configEntries: Object.entries({ ...config, 'message.timestamp.type': 'LogAppendTime' }).map(([key, value]) => ({
      name: key,
      value,
    })),
  });
  return [
    topic(names.log, wishes.partitions, { ...durable, 'cleanup.policy': 'delete' }),
    topic(names.state, wishes.partitions, { ...durable, 'cleanup.policy': 'compact' }),
    topic(names.dead, 1, {
      ...durable,
      'cleanup.policy': 'delete',
      'max.message.bytes': String(2 * MAX_MESSAGE_BYTES),
    }),
    topic(names.presence, 1, { ...durable, 'cleanup.policy': 'compact' }),
    topic(names.signals, 1, {
      'cleanup.policy': 'delete',
      'min.insync.replicas': '1',
      'retention.ms': String(SIGNALS_RETENTION_MS),
      'segment.ms': String(SIGNALS_RETENTION_MS),
    }),
  ];
}

/**
 * @returns How many partitions log and state have.
 * @throws LogRefusedError when a topic has a setting under which it would lose data or order.
 */
export async function checkTopics(
  admin: Admin,
  names: TopicNames,
  { wishes, logger }: { wishes: TopicWishes; logger: Logger },
): Promise<{ log: number; state: number }> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [names.log, names.state, names.signals, names.dead] });
  const settings = await readSettings(admin, [names.log, names.state]);
  for (const name of [names.log, names.state]) {
    const problem =
      replicaProblem(topics, name, wishes) ??
      settingProblem(settings.get(name), expectations(name === names.log, wishes));
    if (problem !== undefined) throw new LogRefusedError(`topic ${name} would lose data: ${problem}`);
  }
  const counts = { log: partitionsOf(topics, names.log).length, state: partitionsOf(topics, names.state).length };
  for (const [name, count] of Object.entries(counts))
    if (count !== wishes.partitions)
      logger.info({ topic: name, partitions: count, configured: wishes.partitions }, 'a topic keeps its partitions');
  return counts;
}

interface Expectation {
  setting: string;
  needed: string;
  holds: (value: string) => boolean;
}

function expectations(isLog: boolean, { minInsyncReplicas }: TopicWishes): Expectation[] {
  const policy = isLog ? 'delete' : 'compact';
  const common: Expectation[] = [
    atLeast('min.insync.replicas', minInsyncReplicas),
    exactly('unclean.leader.election.enable', 'false'),
    exactly('cleanup.policy', policy),
    atLeast('max.message.bytes', MAX_MESSAGE_BYTES),
  ];
  return isLog ? [...common, exactly('retention.ms', '-1'), exactly('retention.bytes', '-1')] : common;
}

const exactly = (setting: string, needed: string): Expectation => ({
  setting,
  needed,
  holds: (value) => value === needed,
});

const atLeast = (setting: string, needed: number): Expectation => ({
  setting,
  needed: `at least ${needed}`,
  holds: (value) => Number(value) >= needed,
});

function settingProblem(settings: ReadonlyMap<string, string> | undefined, wanted: Expectation[]): string | undefined {
  for (const { setting, needed, holds } of wanted) {
    const value = settings?.get(setting) ?? '';
    if (!holds(value)) return `${setting} is ${value}, needed is ${needed}`;
  }
  return undefined;
}

function replicaProblem(
  topics: ITopicMetadata[],
  name: string,
  { replicationFactor }: TopicWishes,
): string | undefined {
  const thin = partitionsOf(topics, name).find(({ replicas }) => replicas.length < replicationFactor);
  if (thin === undefined) return undefined;
  return `the replication factor of partition ${thin.partitionId} is ${thin.replicas.length}, needed is at least ${replicationFactor}`;
}

export function partitionsOf(topics: ITopicMetadata[], name: string): ITopicMetadata['partitions'] {
  return topics.find((topic) => topic.name === name)?.partitions ?? [];
}

async function readSettings(admin: Admin, names: string[]): Promise<Map<string, Map<string, string>>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  });
  return new Map(
    resources.map(({ resourceName, configEntries }) => [
      resourceName,
      new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
    ]),
  );
}
