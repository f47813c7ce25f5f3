import { RECORD_MAX_BYTES } from './limits.ts';
import { LogUnavailableError } from './log.ts';

// What may wait in one node. Beyond it the log is unavailable, rather than memory without bound.
const QUEUE_MAX_RECORDS = 20_000;
const QUEUE_MAX_BYTES = 32 * 1024 * 1024;

/** A write that somebody waits for. */
export interface Pending<Item> {
  item: Item;
  bytes: number;
  resolve: () => void;
  reject: (error: LogUnavailableError) => void;
}

/** Writes in the order they were asked for, bounded in count and bytes. */
export interface WriteQueue<Item> {
  readonly length: number;
  /**
   * Settles when whoever takes the item settles it.
   * @throws LogUnavailableError (as a rejection) when the queue is full.
   * @throws RangeError (as a rejection) when the item can never be written.
   */
  push(item: Item, bytes: number): Promise<void>;
  /** Takes from the front, at least one when there is one. */
  take(most: { records: number; bytes: number }): Pending<Item>[];
  /** Rejects all that waits: behind what was refused nothing may get in, or an author's order would break. */
  rejectAll(error: LogUnavailableError): void;
}

export function createWriteQueue<Item>(): WriteQueue<Item> {
  let waiting: Pending<Item>[] = [];
  let waitingBytes = 0;
  let isFull = false;
  return {
    get length() {
      return waiting.length;
    },
    push(item, bytes) {
      if (bytes > RECORD_MAX_BYTES)
        return Promise.reject(new RangeError(`a record of ${bytes} bytes; at most ${RECORD_MAX_BYTES} fit`));
      // A shorter one that still fits must not pass the one that was refused: an author's order would break.
      isFull ||= waiting.length >= QUEUE_MAX_RECORDS || waitingBytes + bytes > QUEUE_MAX_BYTES;
      if (isFull)
        return Promise.reject(new LogUnavailableError('too many appends are waiting', { maybeWritten: false }));
      waitingBytes += bytes;
      return new Promise((resolve, reject) => waiting.push({ item, bytes, resolve, reject }));
    },
    take(most) {
      let bytes = 0;
      let count = 0;
      for (const { bytes: next } of waiting) {
        if (count > 0 && (count >= most.records || bytes + next > most.bytes)) break;
        bytes += next;
        count += 1;
      }
      waitingBytes -= bytes;
      if (waitingBytes <= QUEUE_MAX_BYTES / 2 && waiting.length - count <= QUEUE_MAX_RECORDS / 2) isFull = false;
      const taken = waiting.slice(0, count);
      waiting = waiting.slice(count);
      return taken;
    },
    rejectAll(error) {
      const rejected = waiting;
      waiting = [];
      waitingBytes = 0;
      isFull = false;
      for (const { reject } of rejected) reject(error);
    },
  };
}
