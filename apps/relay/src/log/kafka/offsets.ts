import type { Admin } from 'kafkajs';
import type { LogPositions } from '../log.ts';
import type { PartitionState } from './producer.ts';
import type { Renewable } from './renewable.ts';
import { partitionsOf, type TopicNames } from './topics.ts';

/** Where partitions begin and end now, by partition. */
export interface Bounds {
  starts: LogPositions;
  ends: LogPositions;
}

export async function readBounds(admin: Renewable<Admin>, names: TopicNames): Promise<Bounds> {
  const [log, state] = await Promise.all([boundsOf(admin, names.log), boundsOf(admin, names.state)]);
  return { starts: { log: log.starts, state: state.starts }, ends: { log: log.ends, state: state.ends } };
}

export async function readEnds(admin: Renewable<Admin>, topic: string): Promise<number[]> {
  return (await boundsOf(admin, topic)).ends;
}

async function boundsOf(admin: Renewable<Admin>, topic: string): Promise<{ starts: number[]; ends: number[] }> {
  const found = await admin.use((part) => part.fetchTopicOffsets(topic));
  const offsets = found.toSorted((a, b) => a.partition - b.partition);
  return { starts: offsets.map(({ low }) => Number(low)), ends: offsets.map(({ high }) => Number(high)) };
}

/** Leaders of everything that this node appends to. */
export async function lookUpPartitions(
  admin: Renewable<Admin>,
  names: TopicNames,
  minInsyncReplicas: number,
): Promise<PartitionState[]> {
  const appended = [names.log, names.state, names.dead];
  const { topics } = await admin.use((part) => part.fetchTopicMetadata({ topics: appended }));
  return appended.flatMap((topic) =>
    partitionsOf(topics, topic).map(({ partitionId, leader, isr }) => ({
      topic,
      partition: partitionId,
      leader,
      writable: leader >= 0 && isr.length >= minInsyncReplicas,
    })),
  );
}
