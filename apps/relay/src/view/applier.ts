/**
 * Applies what the log brings: one SQLite transaction holds the entries and the positions they came from. Called by the
 * log (onBatch); what was applied goes at once to fan-out and to whoever waits for an operation.
 *
 * The transaction stays open over many batches (docs/adr/0002): what is pushed or acknowledged is in the log already, and
 * a node that dies before the commit finds its old positions and applies the same records to the same result. So does one
 * whose file takes no more, such as on a full disk: it goes back to its last commit, keeps what it had applied since, and
 * applies it anew once there is room.
 */
import type { CancelTimer } from '@parley/protocol/environment';
import type { Environment } from '../environment.ts';
import type { LogPositions, RecordBatch } from '../log/log.ts';
import type { LoggedRecord } from '../log/record.ts';
import type { Metrics } from '../metrics.ts';
import { Backlog } from './backlog.ts';
import { copyOf, lagBehind, Progress } from './progress.ts';
import { applyRecord, applyState, type Outcome } from './reducer.ts';
import type { ViewStore } from './store.ts';

/** One turn takes at most this many records or this long, so that the event loop is never held longer than 10 ms. */
const MOST_RECORDS = 250;
const MOST_MS = 8;
/** With so few the event loop is held no longer than by taking them in. */
const AT_ONCE_RECORDS = 50;
/** A transaction is committed after this many records or this long, whatever comes first. */
const COMMIT_RECORDS = 2_000;
const COMMIT_MS = 500;
/** The log is asked to wait while more than this is waiting. */
const MOST_WAITING = 4_000;
/** A file that takes nothing is tried again after this time, then each time after twice as long. */
const FIRST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 16_000;

export interface ApplierOptions {
  store: ViewStore;
  environment: Environment;
  metrics: Metrics;
  /** What was applied, in order. */
  onApplied(outcomes: readonly Outcome[]): void;
  /** A record that can never be applied; the partition goes on without it. */
  onMalformed(partition: number, record: LoggedRecord, reason: string): void;
  /** A record of a newer build: nothing is applied afterwards. */
  onHalted(reason: string): void;
  /** The view's file cannot be written. What sessions read is the last commit until `onResumed`. */
  onStalled(reason: string): void;
  /** It can be written again: what was put off is applied now. */
  onResumed(): void;
}

/** What one turn did. */
interface Turn {
  seen: number;
  outcomes: Outcome[];
  malformed: { partition: number; record: LoggedRecord; reason: string }[];
  /** Where each batch was begun. */
  began: { batch: RecordBatch; next: number }[];
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #progress: Progress;
  /** Where each partition ended when last heard of. */
  readonly #ends: LogPositions;
  readonly #backlog = new Backlog();
  #scheduled = false;
  #state: 'going' | 'stalled' | 'halted' = 'going';
  #wakeLog: (() => void) | undefined;
  #onProgress: (() => void)[] = [];
  /** Handed out already: not told again when it is applied anew. */
  #told: LogPositions;
  #cancelCommit: CancelTimer | undefined;
  #cancelRetry: CancelTimer | undefined;
  #retryMs = FIRST_RETRY_MS;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#progress = new Progress(options.store.database);
    this.#ends = copyOf(this.#progress.positions);
    this.#told = copyOf(this.#progress.positions);
  }

  /** Takes a batch over; the promise, where there is one, resolves when the next may come. */
  accept(batch: RecordBatch): Promise<void> | void {
    if (this.#state === 'halted') return;
    this.#backlog.push(batch);
    this.#ends[batch.topic][batch.partition] = batch.end;
    // A few at once, before the log asks for more: who waits for them is told sooner. Many have turns of their own.
    if (!this.#scheduled && batch.records.length <= AT_ONCE_RECORDS) this.#run();
    else this.#schedule();
    if (this.#backlog.waitingCount <= MOST_WAITING) return;
    return new Promise((resolve) => {
      this.#wakeLog = resolve;
    });
  }

  /** What sessions read is behind what they were told: the file takes nothing, and the view went back to its last commit. */
  get isStalled(): boolean {
    return this.#state === 'stalled';
  }

  /** Records that are known to exist and are not applied yet. */
  get lag(): number {
    return lagBehind(this.#ends, this.#progress.positions);
  }

  /** Where this view stands: next offset and rolling hash by partition of the log. Equal offsets must show equal hashes. */
  get progress(): { partition: number; next: number; hash: string }[] {
    return this.#progress.report();
  }

  /** Resolves once everything before these ends is applied; never, if the view halts. */
  reached(ends: LogPositions): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (lagBehind(ends, this.#progress.positions) > 0) this.#onProgress.push(check);
        else resolve();
      };
      check();
    });
  }

  /** Makes what was applied durable in the view's file; false when the file cannot be written. */
  commit(): boolean {
    try {
      this.#commit();
      return this.#state !== 'stalled';
    } catch (error) {
      this.#stall(error);
      return false;
    }
  }

  /** Applies nothing more, and tells whether all that was applied is in the file. */
  close(): boolean {
    const isWhole = this.commit();
    this.#stop();
    return isWhole;
  }

  #schedule(): void {
    if (this.#scheduled || this.#state !== 'going') return;
    this.#scheduled = true;
    this.#options.environment.soon(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#state !== 'going' || this.#backlog.first === undefined) return;
    this.#tell(this.#applySome());
    const progressed = this.#onProgress;
    this.#onProgress = [];
    for (const check of progressed) check();
    if (this.#backlog.first !== undefined) this.#schedule();
    if (this.#backlog.waitingCount <= MOST_WAITING / 2) {
      this.#wakeLog?.();
      this.#wakeLog = undefined;
    }
  }

  #applySome(): Turn {
    const { clock } = this.#options.environment;
    const startedMs = clock.monotonicMs();
    const turn: Turn = { seen: 0, outcomes: [], malformed: [], began: [] };
    const { positions } = this.#progress;
    try {
      if (!this.#options.store.database.isTransaction) this.#begin();
      let count = 0;
      while (this.#state === 'going' && count < MOST_RECORDS) {
        const batch = this.#backlog.first;
        if (batch === undefined) break;
        turn.began.push({ batch, next: positions[batch.topic][batch.partition] ?? 0 });
        const taken = this.#applyUpTo(batch, MOST_RECORDS - count, turn);
        count += taken;
        this.#backlog.moveOn(taken);
        if (clock.monotonicMs() - startedMs > MOST_MS) break;
      }
      if (this.#backlog.appliedCount >= COMMIT_RECORDS) this.#commit();
      return turn;
    } catch (error) {
      // Whatever this turn did comes again, so nothing of it is told.
      for (const { batch, next } of turn.began.toReversed()) positions[batch.topic][batch.partition] = next;
      this.#stall(error);
      return { seen: 0, outcomes: [], malformed: [], began: [] };
    }
  }

  #tell({ seen, outcomes, malformed }: Turn): void {
    const { metrics } = this.#options;
    metrics.seen += seen;
    metrics.malformed += malformed.length;
    for (const { partition, record, reason } of malformed) this.#options.onMalformed(partition, record, reason);
    if (outcomes.length > 0) this.#options.onApplied(outcomes);
  }

  #begin(): void {
    const { store, environment } = this.#options;
    store.database.exec('BEGIN');
    this.#cancelCommit = environment.clock.setTimer(() => this.commit(), COMMIT_MS);
  }

  #commit(): void {
    const { database } = this.#options.store;
    if (!database.isTransaction) return;
    this.#progress.save();
    database.exec('COMMIT');
    this.#cancelCommit?.();
    this.#backlog.committed();
    this.#retryMs = FIRST_RETRY_MS;
  }

  /** Applies from the head of a batch; returns how many records it took. */
  #applyUpTo(batch: RecordBatch, most: number, turn: Turn): number {
    const { store } = this.#options;
    const { topic, partition } = batch;
    const told = this.#told[topic][partition] ?? 0;
    let taken = 0;
    for (const record of batch.records) {
      if (taken === most) break;
      // A log may hand out what it has handed out before, after a reconnect.
      // State is merged, so that of a topic made anew may come from its beginning.
      if (topic === 'state' || !this.#progress.has(topic, partition, record)) {
        const outcome = topic === 'log' ? applyRecord(store, record) : applyState(store, record);
        if (outcome.type === 'bad' && outcome.bad === 'newer') {
          this.#halt(`upgrade me: ${outcome.reason}, at offset ${record.offset} of partition ${partition}`);
          return taken;
        }
        if (topic === 'log') this.#progress.passLog(partition, record, outcome);
        else this.#progress.passState(partition, record);
        if (record.offset >= told) {
          turn.seen += 1;
          if (outcome.type === 'bad') turn.malformed.push({ partition, record, reason: outcome.reason });
          else if (outcome.type !== 'nothing') turn.outcomes.push(outcome);
        }
      }
      taken += 1;
    }
    return taken;
  }

  #halt(reason: string): void {
    this.#stop();
    this.#options.onHalted(reason);
  }

  #stop(): void {
    this.#state = 'halted';
    this.#cancelRetry?.();
    this.#backlog.drop();
    this.#wakeLog?.();
  }

  /** The file takes no more: memory and file go back to the last commit, and are tried again in a while. */
  #stall(error: unknown): void {
    const { environment } = this.#options;
    this.#cancelCommit?.();
    const { positions } = this.#progress;
    for (const topic of ['log', 'state'] as const)
      this.#told[topic] = this.#told[topic].map((told, partition) => Math.max(told, positions[topic][partition] ?? 0));
    this.#backlog.rolledBack();
    try {
      this.#rewind();
    } catch (fault) {
      environment.logger.error({ err: fault }, 'the view cannot be rolled back');
    }
    environment.logger.error({ err: error }, 'the view cannot be written');
    if (this.#state === 'halted') return;
    this.#state = 'stalled';
    this.#retryLater();
    this.#options.onStalled(`the view cannot be written: ${error instanceof Error ? error.message : 'unknown'}`);
  }

  #rewind(): void {
    const { store } = this.#options;
    // SQLite itself rolls back on some errors.
    if (store.database.isTransaction) store.database.exec('ROLLBACK');
    store.forget();
    this.#progress.load();
  }

  #retryLater(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#options.environment.clock.setTimer(() => this.#retry(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MOST_RETRY_MS);
  }

  #retry(): void {
    if (this.#state !== 'stalled') return;
    try {
      this.#rewind();
      this.#options.store.probe();
    } catch {
      this.#retryLater();
      return;
    }
    this.#state = 'going';
    this.#options.environment.logger.info({ records: this.#backlog.waitingCount }, 'the view can be written again');
    this.#options.onResumed();
    this.#schedule();
  }
}
