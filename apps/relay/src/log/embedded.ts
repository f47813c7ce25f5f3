/**
 * The log in one SQLite file: one node, one partition. An append waits for the end of the event-loop turn, is committed
 * with everything else that came in it, and goes straight on to `onBatch`.
 */
import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';
import type { Logger } from '../logger.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import { type EmbeddedStore, openEmbeddedStore, UncertainCommitError, type Write } from './embedded-store.ts';
import { makeGenesis, readGenesis } from './genesis.ts';
import { DecayingRate } from '../decaying-rate.ts';
import { errorText } from './error-text.ts';
import { GATHER_FROM_PER_SECOND, RECORDS_HALF_LIFE_MS } from './gathering.ts';
import { createLogTail, type LogTail } from './log-tail.ts';
import {
  type Log,
  type LogHandlers,
  type LogPositions,
  LogRefusedError,
  LogUnavailableError,
  type Signal,
} from './log.ts';
import { checkPositions } from './positions.ts';
import { byteLengthOf, type LoggedRecord, type RecordDraft } from './record.ts';
import { createStatusBoard, type StatusBoard } from './status-board.ts';
import { createWriteQueue, type WriteQueue } from './write-queue.ts';

const COMMIT_MOST = { records: 500, bytes: 4 * 1024 * 1024 };
const CHECKPOINT_EVERY_BYTES = 1024 * 1024;
// However small its records are, a commit writes some pages to the WAL.
const COMMIT_BYTES = 12 * 1024;
const PROBE_EVERY_MS = 1000;
const PARTITIONS = { log: 1, state: 1 };

export interface EmbeddedLogOptions {
  /** Path of the SQLite file. */
  file: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Size at which the file counts as full; unlimited without it. */
  maxBytes?: number;
  /** Runs a callback after the other callbacks of this event-loop turn: what they append is one commit. */
  defer?: (callback: () => void) => void;
}

/** @returns A log that opens its file at `start`. */
export function createEmbeddedLog(options: EmbeddedLogOptions): Log {
  return new EmbeddedLog(options);
}

interface Open {
  store: EmbeddedStore;
  handlers: LogHandlers;
  board: StatusBoard;
  tails: { log: LogTail; state: LogTail };
  delivery: Delivery;
}

class EmbeddedLog implements Log {
  readonly #options: EmbeddedLogOptions;
  readonly #defer: (callback: () => void) => void;
  readonly #queue: WriteQueue<Write> = createWriteQueue();
  #open: Open | undefined;
  #flushDeferred = false;
  #sinceCheckpointBytes = 0;
  /** Whether the last write succeeded; appends are tried all the same. */
  #writable = true;
  #cancelProbe: CancelTimer | undefined;

  constructor(options: EmbeddedLogOptions) {
    this.#options = options;
    this.#defer = options.defer ?? ((callback) => void setImmediate(callback));
  }

  async start(handlers: LogHandlers): Promise<{ ends: LogPositions }> {
    const store = openEmbeddedStore(this.#options.file, {
      genesis: () => makeGenesis(PARTITIONS, this.#options),
      maxBytes: this.#options.maxBytes,
    });
    try {
      this.#open = this.#connect(store, handlers);
    } catch (error) {
      store.close();
      throw error;
    }
    this.#open.board.setReadFault(undefined);
    this.#defer(() => this.#open?.delivery.wake());
    return { ends: endsOf(store) };
  }

  append(draft: RecordDraft): Promise<void> {
    return this.#write({ topic: 'log', draft }, byteLengthOf(draft));
  }

  putState(key: string, body: Uint8Array): Promise<void> {
    return this.#write({ topic: 'state', key, body }, key.length + body.length);
  }

  publish(signal: Signal): void {
    this.#defer(() => {
      try {
        this.#open?.handlers.onSignal(signal);
      } catch (error) {
        this.#options.logger.error({ err: error, kind: signal.kind }, 'a signal could not be handled');
      }
    });
  }

  // The file has no other readers.
  announce(): Promise<void> {
    return Promise.resolve();
  }

  bury(partition: number, record: LoggedRecord, reason: string): void {
    try {
      this.#open?.store.bury({ partition, record, reason });
    } catch (error) {
      this.#options.logger.warn({ err: error, partition, offset: record.offset }, 'a dead letter was not written');
    }
  }

  async ends(): Promise<LogPositions> {
    if (this.#open === undefined) throw closedError();
    return endsOf(this.#open.store);
  }

  async stop(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    while (this.#queue.length > 0) this.#commit(open);
    this.#open = undefined;
    this.#cancelProbe?.();
    await open.delivery.stop();
    open.store.close();
  }

  #connect(store: EmbeddedStore, handlers: LogHandlers): Open {
    const { file, clock, logger } = this.#options;
    const [first] = store.read('log', 0, { before: 1, limit: 1 });
    const genesis = first && readGenesis(first);
    if (genesis === undefined) throw new LogRefusedError(`${file} does not begin with a genesis record`);
    const from = checkPositions(handlers.onEpoch(genesis.epoch, PARTITIONS), { ends: endsOf(store), logger });
    const tails = {
      log: createLogTail('log', store, from.log[0] ?? 0),
      state: createLogTail('state', store, from.state[0] ?? 0),
    };
    const board = createStatusBoard((status) => handlers.onStatus(status));
    const rate = new DecayingRate(clock, RECORDS_HALF_LIFE_MS);
    const delivery = createDelivery([tails.log, tails.state], {
      handlers,
      clock,
      pauseAfter: (records) => (rate.add(records) > GATHER_FROM_PER_SECOND ? (handlers.gatherMs?.() ?? 0) : 0),
      defer: this.#defer,
      onFault: (reason) => board.setReadFault(reason),
      logger,
    });
    return { store, handlers, board, tails, delivery };
  }

  #write(write: Write, bytes: number): Promise<void> {
    if (this.#open === undefined) return Promise.reject(closedError());
    const written = this.#queue.push(write, bytes);
    this.#flushLater();
    return written;
  }

  #flushLater(): void {
    if (this.#flushDeferred) return;
    this.#flushDeferred = true;
    this.#defer(() => {
      this.#flushDeferred = false;
      if (this.#open === undefined) return;
      this.#commit(this.#open);
      if (this.#queue.length > 0) this.#flushLater();
    });
  }

  #commit({ store, tails, delivery }: Open): void {
    const batch = this.#queue.take(COMMIT_MOST);
    if (batch.length === 0) return;
    try {
      const { log, state } = store.commit(batch.map(({ item }) => item));
      tails.log.push(log);
      tails.state.push(state);
    } catch (error) {
      const failure = new LogUnavailableError(`the log file takes no writes: ${errorText(error)}`, {
        maybeWritten: error instanceof UncertainCommitError,
        cause: error,
      });
      for (const { reject } of batch) reject(failure);
      this.#queue.rejectAll(new LogUnavailableError(failure.message, { maybeWritten: false, cause: error }));
      this.#turnUnwritable(failure.message);
      return;
    }
    for (const { resolve } of batch) resolve();
    this.#turnWritable();
    delivery.wake();
    this.#checkpointSometimes(batch.reduce((sum, { bytes }) => sum + bytes, COMMIT_BYTES));
  }

  // In a turn of its own, so that the appends of this one are answered before it.
  #checkpointSometimes(bytes: number): void {
    this.#sinceCheckpointBytes += bytes;
    if (this.#sinceCheckpointBytes < CHECKPOINT_EVERY_BYTES) return;
    this.#sinceCheckpointBytes = 0;
    this.#defer(() => {
      try {
        this.#open?.store.checkpoint();
      } catch (error) {
        this.#options.logger.warn({ err: error }, 'the log file could not be checkpointed');
      }
    });
  }

  #turnUnwritable(reason: string): void {
    if (this.#writable) this.#options.logger.error({ reason }, 'the log takes no writes');
    this.#writable = false;
    this.#open?.board.setWriteFault(reason);
    this.#cancelProbe ??= this.#options.clock.setTimer(() => this.#probe(), PROBE_EVERY_MS);
  }

  #turnWritable(): void {
    if (this.#writable) return;
    this.#cancelProbe?.();
    this.#cancelProbe = undefined;
    this.#writable = true;
    this.#options.logger.info({}, 'the log takes writes again');
    this.#open?.board.setWriteFault(undefined);
  }

  // Whoever sees `writable: false` may stop appending, so the log finds out by itself when there is room again.
  #probe(): void {
    this.#cancelProbe = undefined;
    try {
      this.#open?.store.probe();
      this.#turnWritable();
    } catch (error) {
      this.#turnUnwritable(errorText(error));
    }
  }
}

function endsOf(store: EmbeddedStore): LogPositions {
  return { log: [store.end('log')], state: [store.end('state')] };
}

function closedError(): LogUnavailableError {
  return new LogUnavailableError('the log is not open', { maybeWritten: false });
}
