import type { BatchSource } from '../delivery.ts';
import { BATCH_MAX_RECORDS } from '../limits.ts';
import type { LogPositions, RecordBatch, Topic } from '../log.ts';
import type { LoggedRecord } from '../record.ts';

// What may wait for the handler. Kafka keeps the rest.
const WAITING_MAX_RECORDS = 8 * BATCH_MAX_RECORDS;

/** What Kafka answered to one fetch of one partition. */
interface Arrived {
  topic: Topic;
  partition: number;
  /** Ascending by offset. */
  records: LoggedRecord[];
  /** Offset that the next append gets, as the leader knew it. */
  end: number;
  /** Where to read on. */
  next: number;
}

/** Between fetcher and handler: knows where each partition is to be read on, so nothing is handed over twice. */
export interface Inbox extends BatchSource {
  /** Offset to read next. */
  position(topic: Topic, partition: number): number;
  /** Reads on from elsewhere. */
  move(topic: Topic, partition: number, position: number): void;
  accept(arrived: Arrived): void;
  /** Whether the handler is so far behind that no more should be fetched. */
  readonly full: boolean;
}

export function createInbox(options: {
  from: LogPositions;
  /** There are records to hand out. */
  onRecords: () => void;
  /** It was full, and has room again. */
  onRoom: () => void;
}): Inbox {
  const waiting: RecordBatch[] = [];
  const positions = structuredClone(options.from);
  let waitingRecords = 0;

  const isFull = (): boolean => waitingRecords >= WAITING_MAX_RECORDS;

  return {
    get full() {
      return isFull();
    },
    position: (topic, partition) => positions[topic][partition] ?? 0,
    move(topic, partition, position) {
      positions[topic][partition] = position;
    },
    accept({ topic, partition, records, end, next }) {
      const expected = positions[topic][partition] ?? 0;
      if (next <= expected) return;
      const fresh = (records[0]?.offset ?? 0) < expected ? records.filter(({ offset }) => offset >= expected) : records;
      positions[topic][partition] = next;
      if (fresh.length === 0) return;
      waiting.push({ topic, partition, records: fresh, end: Math.max(end, next) });
      waitingRecords += fresh.length;
      options.onRecords();
    },
    next() {
      const [batch] = waiting;
      if (batch === undefined) return undefined;
      const wasFull = isFull();
      const records = batch.records.splice(0, BATCH_MAX_RECORDS);
      if (batch.records.length === 0) waiting.shift();
      waitingRecords -= records.length;
      if (wasFull && !isFull()) options.onRoom();
      return { ...batch, records };
    },
  };
}
