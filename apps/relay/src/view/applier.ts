/**
 * Applies what the log brings: one SQLite transaction holds the entries and the positions they came from. Called by the
 * log (onBatch); what was applied goes at once to fan-out and to whoever waits for an operation.
 *
 * The transaction stays open over many batches (docs/adr/0002): what is pushed or acknowledged is in the log already, and
 * a node that dies before the commit finds its old positions and applies the same records to the same result.
 */
import { crc32 } from 'node:zlib';
import type { CancelTimer } from '@parley/protocol/environment';
import type { Environment } from '../environment.ts';
import type { LogPositions, RecordBatch, Topic } from '../log/log.ts';
import type { LoggedRecord } from '../log/record.ts';
import type { Metrics } from '../metrics.ts';
import { applyRecord, applyState, type Outcome } from './reducer.ts';
import type { ViewStore } from './store.ts';

/** One turn takes at most this many records or this long, so that the event loop is never held longer than 10 ms. */
const MOST_RECORDS = 250;
const MOST_MS = 8;
/** A transaction is committed after this many records or this long, whatever comes first. */
const COMMIT_RECORDS = 2_000;
const COMMIT_MS = 500;
/** The log is asked to wait while more than this is waiting. */
const MOST_WAITING = 4_000;

export interface ApplierOptions {
  store: ViewStore;
  positions: LogPositions;
  environment: Environment;
  metrics: Metrics;
  /** What was applied, in order. */
  onApplied(outcomes: readonly Outcome[]): void;
  /** A record that can never be applied; the partition goes on without it. */
  onMalformed(partition: number, record: LoggedRecord, reason: string): void;
  /** The view cannot go on: a record of a newer build, or a file that cannot be written. Nothing is applied afterwards. */
  onHalted(reason: string): void;
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #positions: LogPositions;
  readonly #hashes: number[];
  /** Where each partition ended when last heard of. */
  readonly #ends: LogPositions;
  readonly #savePosition;
  #waiting: RecordBatch[] = [];
  #waitingCount = 0;
  #scheduled = false;
  #halted = false;
  #wakeLog: (() => void) | undefined;
  #onProgress: (() => void)[] = [];
  /** Records in the open transaction; none is open at 0. */
  #uncommitted = 0;
  readonly #moved: Record<Topic, Set<number>> = { log: new Set(), state: new Set() };
  #cancelCommit: CancelTimer | undefined;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#positions = { log: [...options.positions.log], state: [...options.positions.state] };
    this.#ends = { log: [...options.positions.log], state: [...options.positions.state] };
    const { database } = options.store;
    this.#hashes = this.#positions.log.map((_, partition) =>
      Number(
        database.prepare(`SELECT hash FROM positions WHERE topic = 'log' AND partition = ?`).get(partition)?.['hash'] ??
          0,
      ),
    );
    this.#savePosition = database.prepare('UPDATE positions SET next = ?, hash = ? WHERE topic = ? AND partition = ?');
  }

  /** Takes a batch over; the promise, where there is one, resolves when the next may come. */
  accept(batch: RecordBatch): Promise<void> | void {
    if (this.#halted) return;
    this.#waiting.push(batch);
    this.#waitingCount += batch.records.length;
    this.#ends[batch.topic][batch.partition] = batch.end;
    this.#schedule();
    if (this.#waitingCount <= MOST_WAITING) return;
    return new Promise((resolve) => {
      this.#wakeLog = resolve;
    });
  }

  /** Records that are known to exist and are not applied yet. */
  get lag(): number {
    return lagBehind(this.#ends, this.#positions);
  }

  /** Where this view stands: next offset and rolling hash by partition of the log. Equal offsets must show equal hashes. */
  get progress(): { partition: number; next: number; hash: string }[] {
    return this.#positions.log.map((next, partition) => ({
      partition,
      next,
      hash: (this.#hashes[partition] ?? 0).toString(16).padStart(8, '0'),
    }));
  }

  /** Resolves once everything before these ends is applied; never, if the view halts. */
  reached(ends: LogPositions): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (lagBehind(ends, this.#positions) > 0) this.#onProgress.push(check);
        else resolve();
      };
      check();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#halted) return;
    this.#scheduled = true;
    this.#options.environment.soon(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#halted || this.#waiting.length === 0) return;
    const outcomes = this.#applySome();
    if (outcomes.length > 0) this.#options.onApplied(outcomes);
    const progressed = this.#onProgress;
    this.#onProgress = [];
    for (const check of progressed) check();
    if (this.#waiting.length > 0) this.#schedule();
    if (this.#waitingCount <= MOST_WAITING / 2) {
      this.#wakeLog?.();
      this.#wakeLog = undefined;
    }
  }

  #applySome(): Outcome[] {
    const { clock } = this.#options.environment;
    const startedMs = clock.monotonicMs();
    const outcomes: Outcome[] = [];
    try {
      if (this.#uncommitted === 0) this.#begin();
      let count = 0;
      while (!this.#halted && count < MOST_RECORDS) {
        const batch = this.#waiting[0];
        if (batch === undefined) break;
        const taken = this.#applyUpTo(batch, MOST_RECORDS - count, outcomes);
        count += taken;
        this.#moved[batch.topic].add(batch.partition);
        if (taken === batch.records.length) this.#waiting.shift();
        else this.#waiting[0] = { ...batch, records: batch.records.slice(taken) };
        if (clock.monotonicMs() - startedMs > MOST_MS) break;
      }
      this.#waitingCount -= count;
      this.#uncommitted += count;
      if (this.#uncommitted >= COMMIT_RECORDS) this.commit();
    } catch (error) {
      // Memory and file may differ from here on: nothing more is applied, and nothing of this turn is shown.
      this.#haltFor(error);
      return [];
    }
    return outcomes;
  }

  #begin(): void {
    const { store, environment } = this.#options;
    store.database.exec('BEGIN');
    this.#cancelCommit = environment.clock.setTimer(() => {
      try {
        this.commit();
      } catch (error) {
        this.#haltFor(error);
      }
    }, COMMIT_MS);
  }

  /** Makes what was applied durable in the view's file. @throws Error when the file cannot be written. */
  commit(): void {
    if (this.#uncommitted === 0) return;
    this.#cancelCommit?.();
    this.#uncommitted = 0;
    for (const topic of ['log', 'state'] as const) {
      for (const partition of this.#moved[topic]) this.#save(topic, partition);
      this.#moved[topic].clear();
    }
    this.#options.store.database.exec('COMMIT');
  }

  #haltFor(error: unknown): void {
    this.#options.environment.logger.error({ err: error }, 'the view cannot be written');
    this.#halt(`the view cannot be written: ${error instanceof Error ? error.message : 'unknown'}`);
  }

  #save(topic: Topic, partition: number): void {
    const hash = topic === 'log' ? (this.#hashes[partition] ?? 0) : 0;
    this.#savePosition.run(this.#positions[topic][partition] ?? 0, hash, topic, partition);
  }

  /** Applies from the head of a batch; returns how many records it took. */
  #applyUpTo(batch: RecordBatch, most: number, outcomes: Outcome[]): number {
    const { store, metrics } = this.#options;
    const positions = this.#positions[batch.topic];
    let taken = 0;
    for (const record of batch.records) {
      if (taken === most) break;
      // A log may hand out what it has handed out before, after a reconnect.
      if (record.offset >= (positions[batch.partition] ?? 0)) {
        metrics.seen += 1;
        const outcome = batch.topic === 'log' ? applyRecord(store, record) : applyState(store, record);
        if (outcome.type === 'bad' && outcome.bad === 'newer') {
          this.#halt(`upgrade me: ${outcome.reason}, at offset ${record.offset} of partition ${batch.partition}`);
          return taken;
        }
        if (outcome.type === 'bad') {
          metrics.malformed += 1;
          this.#options.onMalformed(batch.partition, record, outcome.reason);
        } else if (outcome.type !== 'nothing') outcomes.push(outcome);
        if (batch.topic === 'log') this.#hash(batch.partition, record, outcome);
        positions[batch.partition] = record.offset + 1;
      }
      taken += 1;
    }
    return taken;
  }

  #hash(partition: number, record: LoggedRecord, outcome: Outcome): void {
    const seq = outcome.type === 'entry' || outcome.type === 'repeat' ? outcome.seq : 0;
    const code = outcome.type === 'refused' ? outcome.code : outcome.type;
    const line = `${record.offset} ${record.key} ${record.head} ${code} ${seq} `;
    this.#hashes[partition] = crc32(record.body, crc32(line, this.#hashes[partition] ?? 0));
  }

  #halt(reason: string): void {
    this.#halted = true;
    this.#waiting = [];
    this.#options.onHalted(reason);
    this.#wakeLog?.();
  }
}

function lagBehind(ends: LogPositions, positions: LogPositions): number {
  let lag = 0;
  for (const topic of ['log', 'state'] as const) {
    for (const [partition, end] of ends[topic].entries()) lag += Math.max(0, end - (positions[topic][partition] ?? 0));
  }
  return lag;
}
