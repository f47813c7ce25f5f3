import type { Logger } from '../logger.ts';
import { type LogPositions, LogRefusedError } from './log.ts';

/**
 * Where reading can go on. A log that ends before what a node has already applied, or that no longer holds what comes
 * next, lost records: reading on would leave a view that differs from all others.
 * @param ends Offset after the last record, by partition.
 * @param starts Oldest offset still held, by partition; 0 without it.
 * @throws LogRefusedError
 */
export function checkPositions(
  from: LogPositions,
  { ends, starts, logger }: { ends: LogPositions; starts?: LogPositions; logger: Logger },
): LogPositions {
  const log = ends.log.map((end, partition) => {
    const position = from.log[partition] ?? 0;
    const oldest = starts?.log[partition] ?? 0;
    if (position > end)
      throw new LogRefusedError(
        `the log lost records: partition ${partition} ends at offset ${end}, but this node has applied it up to ${position}; restore the log, or move this node's view away to rebuild it from what is left`,
      );
    if (position < oldest)
      throw new LogRefusedError(
        `the log lost records: partition ${partition} begins at offset ${oldest}, but this node needs it from ${position} on; the log is kept for ever, so something deleted from it`,
      );
    return position;
  });
  const state = ends.state.map((end, partition) => {
    const position = from.state[partition] ?? 0;
    if (position <= end) return Math.max(position, starts?.state[partition] ?? 0);
    // State is merged, not counted: reading all of it again is harmless.
    logger.warn({ partition, position, end }, 'the state topic ends before this node had read: reading it anew');
    return starts?.state[partition] ?? 0;
  });
  return { log, state };
}
