/**
 * The contract of a log: the ordered, durable truth, and beside it what only has a newest value (state) and what is true
 * only for a moment (signals). Two implementations, embedded.ts and kafka.ts, pass one suite (test/log-suite.ts).
 */
import type { LoggedRecord, RecordDraft } from './record.ts';

/** `log`: for ever, in order. `state`: the newest value of each key. */
export type Topic = 'log' | 'state';

/** Next offset to read, by partition. */
export interface LogPositions {
  log: number[];
  state: number[];
}

export interface RecordBatch {
  topic: Topic;
  partition: number;
  /** Ascending by offset; never empty, at most BATCH_MAX_RECORDS (limits.ts). */
  records: LoggedRecord[];
  /** Where this partition ended when the batch was read: the offset that the next append gets. */
  end: number;
}

/** What one node tells all nodes, itself included. May be lost; is never stored. */
export interface Signal {
  /** Decides, with `key`, whether a node looks into the body at all. */
  kind: 'presence' | 'typing';
  /** The node it is from, or the conversation it is about. */
  key: string;
  body: Uint8Array;
}

export interface LogStatus {
  /** Appends can be expected to succeed. */
  writable: boolean;
  /** Records arrive. While false the node falls behind without knowing how far. */
  readable: boolean;
  /** With either of them false: why, for people. */
  reason?: string;
  /** Nothing more will be read in this life of the node: only a new start helps. */
  lost?: true;
}

export interface LogHandlers {
  /**
   * Once, before any record: the identity of this log and the partitions of both topics. Answers from where to go on:
   * a view of another epoch is put aside and rebuilt, so it answers zeros. Throws to stop the start. The log itself
   * begins with genesis records (genesis.ts), which the reducer skips.
   */
  onEpoch(epoch: string, partitions: { log: number; state: number }): LogPositions;
  /** In order within a partition, one call at a time in all. The next batch waits for the promise: that is the back-pressure. Must not throw. */
  onBatch(batch: RecordBatch): Promise<void> | void;
  onSignal(signal: Signal): void;
  /** How long many records may gather before they are handed out together, in milliseconds; without it they never do. */
  gatherMs?(): number;
  /** Once at the start, then on every change. */
  onStatus(status: LogStatus): void;
}

export interface Log {
  /**
   * Creates and checks what is missing, tells the epoch, begins to read at the positions given. Resolves with the ends at
   * that moment: the node has caught up when it applied everything before them.
   * @throws LogRefusedError when what exists would lose data, naming the setting.
   */
  start(handlers: LogHandlers): Promise<{ ends: LogPositions }>;
  /**
   * Resolves when the record is durable: Kafka acks=all, embedded committed with synchronous=FULL. It also arrives at
   * `onBatch`, before or after. Appends with the same key made one after the other keep their order.
   * @throws RangeError when the record is over RECORD_MAX_BYTES (limits.ts).
   * @throws LogUnavailableError; `maybeWritten` tells whether it may have arrived all the same.
   */
  append(draft: RecordDraft): Promise<void>;
  /** Sets the newest value of a key in the state topic. Durable like `append`. */
  putState(key: string, body: Uint8Array): Promise<void>;
  /** Best effort: may be lost, never throws. */
  publish(signal: Signal): void;
  /** Sets the newest value of a user for other services to read. @throws LogUnavailableError (as a rejection). */
  announce(user: string, value: Uint8Array): Promise<void>;
  /** Writes a record that could not be applied to the dead letters, with the reason. Best effort, never throws. */
  bury(partition: number, record: LoggedRecord, reason: string): void;
  /** Where both topics end now. @throws LogUnavailableError */
  ends(): Promise<LogPositions>;
  /** Waits for appends under way, at most a few seconds, then lets go. No handler is called afterwards. */
  stop(): Promise<void>;
}

export class LogUnavailableError extends Error {
  readonly maybeWritten: boolean;
  constructor(message: string, options: { maybeWritten: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'LogUnavailableError';
    this.maybeWritten = options.maybeWritten;
  }
}

/** The log exists with a setting under which it would lose data or order. The sentence names it and what is needed. */
export class LogRefusedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LogRefusedError';
  }
}
