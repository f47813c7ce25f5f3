import type { CancelTimer, Clock } from '@parley/protocol/environment';
import { errorText } from '../error-text.ts';
import type { Logger } from '../../logger.ts';
import type { KafkaCluster } from './cluster.ts';

const EVERY_MS = 5000;

/** Offset to read next of one partition. */
export interface ReadMark {
  topic: string;
  partition: number;
  offset: number;
}

/**
 * Commits from time to time how far this node has read, under a consumer group of its own, so that Kafka's tools show its
 * lag. Nothing reads it back: where to go on is in the view, together with what was read.
 * @returns Ends it.
 */
export function commitReadMarks(options: {
  cluster: KafkaCluster;
  group: string;
  marks: () => readonly ReadMark[];
  clock: Clock;
  logger: Logger;
}): CancelTimer {
  const { cluster, group, clock, logger } = options;
  let committed = '';
  let stopped = false;
  let cancelTimer: CancelTimer | undefined;

  const commit = async (): Promise<void> => {
    const partitions = options.marks();
    const text = partitions.map(({ offset }) => offset).join(' ');
    try {
      if (text !== committed) await cluster.commitOffsets({ group, partitions });
      committed = text;
    } catch (error) {
      logger.debug({ group, reason: errorText(error) }, 'how far this node has read was not committed');
    }
    if (!stopped) cancelTimer = clock.setTimer(() => void commit(), EVERY_MS);
  };
  cancelTimer = clock.setTimer(() => void commit(), EVERY_MS);
  return () => {
    stopped = true;
    cancelTimer?.();
  };
}
