import type { EmbeddedStore } from './embedded-store.ts';
import { BATCH_MAX_RECORDS } from './limits.ts';
import type { RecordBatch, Topic } from './log.ts';
import type { LoggedRecord } from './record.ts';

// What may wait in memory for a slow reader; beyond it the reader gets it from the file instead.
const TAIL_MAX_RECORDS = 4 * BATCH_MAX_RECORDS;

/** One topic's way to `onBatch`: what was just committed goes on from memory, everything else is read from the file. */
export interface LogTail {
  /** Takes what was committed at the end of the topic. */
  push(records: LoggedRecord[]): void;
  /** The next batch, or undefined when everything was handed out. */
  next(): RecordBatch | undefined;
}

export function createLogTail(topic: Topic, store: Pick<EmbeddedStore, 'end' | 'read'>, from: number): LogTail {
  let position = from;
  let recent: LoggedRecord[] = [];

  const take = (): LoggedRecord[] => {
    const first = recent[0];
    if (first?.offset === position) return recent.splice(0, BATCH_MAX_RECORDS);
    return store.read(topic, position, { before: first?.offset ?? store.end(topic), limit: BATCH_MAX_RECORDS });
  };

  return {
    push(records) {
      if (recent.length + records.length > TAIL_MAX_RECORDS) recent = [];
      else if (recent.length === 0) recent = records;
      else recent.push(...records);
    },
    next() {
      if (position >= store.end(topic)) return undefined;
      let records = take();
      // The state topic has gaps: nothing is left between here and what waits in memory.
      if (records.length === 0) records = recent.splice(0, BATCH_MAX_RECORDS);
      const last = records.at(-1);
      if (last === undefined) {
        position = store.end(topic);
        return undefined;
      }
      position = last.offset + 1;
      return { topic, partition: 0, records, end: store.end(topic) };
    },
  };
}
