import type { Logger } from '../../logger.ts';
import type { BatchSource } from '../delivery.ts';
import { BATCH_MAX_RECORDS } from '../limits.ts';
import type { LogPositions, RecordBatch, Topic } from '../log.ts';
import type { LoggedRecord } from '../record.ts';

// What may wait for the handler. Kafka keeps the rest.
const WAITING_MAX_RECORDS = 8 * BATCH_MAX_RECORDS;

/** What Kafka answered to one fetch of one partition. */
interface Fetched {
  topic: Topic;
  partition: number;
  records: LoggedRecord[];
  /** Offset that the next append gets, as the leader knew it. */
  end: number;
}

/**
 * Between consumer and handler: remembers by partition what was handed over, so that a consumer that begins again, or a
 * second one beside it, hands over nothing twice and leaves nothing out.
 */
export interface Inbox extends BatchSource {
  /** Before it is opened: the only record it looks for is the first of the log's partition 0. */
  readonly firstRecord: Promise<LoggedRecord>;
  /** From here on records are taken, from these positions on. */
  open(from: LogPositions): void;
  /** Where a consumer has to read on. */
  position(topic: Topic, partition: number): number;
  accept(fetched: Fetched): void;
  /** Whether the handler is so far behind that no more should be fetched. */
  readonly full: boolean;
  /** Resolves when it is no longer full. */
  room(): Promise<void>;
}

export interface InboxOptions {
  /** Where to read until it is opened. */
  start: LogPositions;
  /** There are records to hand out. */
  onRecords: () => void;
  /** Records came that do not follow what was handed over last: the consumer must go back to `position`. */
  onGap: (topic: Topic, partition: number) => void;
  /** Records came again, from before what was handed over; the first of them. */
  onRewind: (topic: Topic, partition: number, record: LoggedRecord) => void;
  logger: Logger;
}

export function createInbox(options: InboxOptions): Inbox {
  const { onRecords, onGap, onRewind, logger } = options;
  const first = Promise.withResolvers<LoggedRecord>();
  const waiting: RecordBatch[] = [];
  const roomWanted = new Set<() => void>();
  const gaps = new Map<number, number>();
  let positions = structuredClone(options.start);
  let opened = false;
  let waitingRecords = 0;

  // Appends leave no holes in the log, so one means that the consumer lost its place. Seen again after going back, it is
  // really in the log, and every node sees it.
  function isLost(partition: number, expected: number, offset: number): boolean {
    if (offset <= expected || gaps.get(partition) === expected) return false;
    gaps.set(partition, expected);
    logger.warn({ partition, expected, offset }, 'the consumer left out records of the log: going back');
    return true;
  }

  return {
    firstRecord: first.promise,
    get full() {
      return waitingRecords >= WAITING_MAX_RECORDS;
    },
    open(from) {
      positions = structuredClone(from);
      opened = true;
    },
    position: (topic, partition) => positions[topic][partition] ?? 0,
    accept({ topic, partition, records, end }) {
      const expected = positions[topic][partition] ?? 0;
      if (!opened) {
        const [record] = records;
        if (topic === 'log' && partition === 0 && record !== undefined) first.resolve(record);
        return;
      }
      const fresh = records.filter(({ offset }) => offset >= expected);
      const [earliest] = records;
      if (earliest !== undefined && earliest.offset < expected) onRewind(topic, partition, earliest);
      const [next] = fresh;
      const last = fresh.at(-1);
      if (next === undefined || last === undefined) return;
      if (topic === 'log' && isLost(partition, expected, next.offset)) return onGap(topic, partition);
      positions[topic][partition] = last.offset + 1;
      waiting.push({ topic, partition, records: fresh, end: Math.max(end, last.offset + 1) });
      waitingRecords += fresh.length;
      onRecords();
    },
    room() {
      return waitingRecords < WAITING_MAX_RECORDS
        ? Promise.resolve()
        : new Promise((resolve) => roomWanted.add(resolve));
    },
    next() {
      const [batch] = waiting;
      if (batch === undefined) return undefined;
      const records = batch.records.splice(0, BATCH_MAX_RECORDS);
      if (batch.records.length === 0) waiting.shift();
      waitingRecords -= records.length;
      if (waitingRecords < WAITING_MAX_RECORDS) {
        for (const resolve of roomWanted) resolve();
        roomWanted.clear();
      }
      return { ...batch, records };
    },
  };
}
