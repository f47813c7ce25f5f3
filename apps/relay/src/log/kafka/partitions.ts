import type { LogPositions } from '../log.ts';
import { type FoundOffset, type KafkaCluster, NoAnswerError, type PartitionInfo } from './cluster.ts';
import type { TopicNames } from './topics.ts';

/** A topic that was there is not any more. */
export class UnknownTopicError extends Error {
  override readonly name = 'UnknownTopicError';
}

/** Partitions of the topics, as any broker knows them. @throws NoAnswerError, UnknownTopicError */
export async function lookUpPartitions(cluster: KafkaCluster, topics: readonly string[]): Promise<PartitionInfo[]> {
  const found = await cluster.metadata(topics);
  for (const { topic, error } of found) {
    if (error === 'UNKNOWN_TOPIC_OR_PARTITION') throw new UnknownTopicError(`topic ${topic} does not exist`);
    if (error !== undefined && error !== 'LEADER_NOT_AVAILABLE')
      throw new NoAnswerError(`topic ${topic}: ${error}`, { maybeArrived: false });
  }
  return found.flatMap(({ partitions }) => partitions);
}

/** Of those topics that exist. @throws NoAnswerError */
export async function lookUpExisting(cluster: KafkaCluster, topics: readonly string[]): Promise<PartitionInfo[]> {
  return (await cluster.metadata(topics)).flatMap(({ partitions }) => partitions);
}

/** Where partitions begin or end now. */
export async function readOffsets(
  cluster: KafkaCluster,
  names: TopicNames,
  of: 'start' | 'end',
): Promise<LogPositions> {
  const found = await offsetsOf(cluster, [names.log, names.state], of);
  const pick = (topic: string): number[] =>
    found
      .filter((one) => one.topic === topic)
      .toSorted((a, b) => a.partition - b.partition)
      .map(({ offset }) => offset);
  return { log: pick(names.log), state: pick(names.state) };
}

/** Of all partitions of the topics. @throws NoAnswerError, UnknownTopicError */
export async function offsetsOf(
  cluster: KafkaCluster,
  topics: readonly string[],
  of: 'start' | 'end',
): Promise<FoundOffset[]> {
  const partitions = await lookUpPartitions(cluster, topics);
  const byLeader = Map.groupBy(partitions, ({ leader }) => leader);
  const answers = await Promise.all(
    [...byLeader].map(([leader, led]) =>
      cluster.offsets(leader, { of, partitions: led.map(({ topic, partition }) => ({ topic, partition })) }),
    ),
  );
  const found = answers.flat();
  const failed = found.find(({ error }) => error !== undefined);
  if (failed !== undefined)
    throw new NoAnswerError(`${failed.topic}/${failed.partition}: ${failed.error}`, { maybeArrived: false });
  return found;
}
