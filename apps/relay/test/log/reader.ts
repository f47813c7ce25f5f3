import { GENESIS_KEY } from '../../src/log/genesis.ts';
import type { LogHandlers, LogPositions, LogStatus, RecordBatch, Signal } from '../../src/log/log.ts';
import type { LoggedRecord } from '../../src/log/record.ts';

/** What a node would do with a log, kept so that a test can look at it: applies batches, remembers its positions. */
export class Reader implements LogHandlers {
  epoch = '';
  partitions = { log: 0, state: 0 };
  positions: LogPositions = { log: [], state: [] };
  /** Every record of the log in the order it came, genesis apart, with its partition. */
  readonly records: (LoggedRecord & { partition: number })[] = [];
  readonly state = new Map<string, string>();
  readonly signals: Signal[] = [];
  readonly statuses: LogStatus[] = [];
  /** Broken promises of the log: gaps going back, empty batches, two calls at once. */
  readonly faults: string[] = [];
  /** Runs inside onBatch; a promise holds the next batch back. */
  onRecords: (batch: RecordBatch) => Promise<void> | void = () => {};
  readonly #from: LogPositions | undefined;
  readonly #waiting = new Set<() => void>();
  #busy = false;

  constructor(from?: LogPositions) {
    this.#from = from;
  }

  onEpoch(epoch: string, partitions: { log: number; state: number }): LogPositions {
    this.epoch = epoch;
    this.partitions = partitions;
    this.positions = this.#from ?? {
      log: Array.from({ length: partitions.log }, () => 0),
      state: Array.from({ length: partitions.state }, () => 0),
    };
    return structuredClone(this.positions);
  }

  async onBatch(batch: RecordBatch): Promise<void> {
    if (this.#busy) this.faults.push('two batches at once');
    this.#busy = true;
    this.#check(batch);
    await this.onRecords(batch);
    for (const record of batch.records) {
      if (batch.topic === 'state') this.state.set(record.key, textOf(record.body));
      else if (record.key !== GENESIS_KEY) this.records.push({ ...record, partition: batch.partition });
      this.positions[batch.topic][batch.partition] = record.offset + 1;
    }
    this.#busy = false;
    this.#changed();
  }

  onSignal(signal: Signal): void {
    this.signals.push(signal);
    this.#changed();
  }

  onStatus(status: LogStatus): void {
    this.statuses.push(status);
    this.#changed();
  }

  /** Resolves when the condition holds; looks again whenever something arrives. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when everything before the ends was applied. */
  reached(ends: LogPositions): Promise<void> {
    const past = (topic: 'log' | 'state'): boolean =>
      ends[topic].every((end, partition) => (this.positions[topic][partition] ?? 0) >= end);
    return this.until(() => past('log') && past('state'));
  }

  texts(key?: string): string[] {
    return this.records.filter((record) => key === undefined || record.key === key).map(({ body }) => textOf(body));
  }

  #check({ topic, partition, records, end }: RecordBatch): void {
    if (records.length === 0 || records.length > 250) this.faults.push(`${records.length} records in a batch`);
    let position = this.positions[topic][partition] ?? 0;
    for (const { offset } of records) {
      if (offset < position) this.faults.push(`${topic}/${partition}: offset ${offset} after ${position - 1}`);
      position = offset + 1;
    }
    if (end < position) this.faults.push(`${topic}/${partition}: end ${end} before ${position}`);
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}

export function textOf(body: Uint8Array): string {
  return Buffer.from(body).toString();
}
