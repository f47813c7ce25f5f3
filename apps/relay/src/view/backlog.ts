/** Batches on their way into the view's file: those that wait to be applied, and those applied since the last commit. */
import type { RecordBatch } from '../log/log.ts';

export class Backlog {
  #waiting: RecordBatch[] = [];
  #applied: RecordBatch[] = [];
  #waitingCount = 0;
  #appliedCount = 0;

  /** Records that wait. */
  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Records that would be lost with the open transaction. */
  get appliedCount(): number {
    return this.#appliedCount;
  }

  get first(): RecordBatch | undefined {
    return this.#waiting[0];
  }

  push(batch: RecordBatch): void {
    this.#waiting.push(batch);
    this.#waitingCount += batch.records.length;
  }

  /** The first `count` records of the first batch were applied. */
  moveOn(count: number): void {
    const batch = this.#waiting.shift();
    if (batch === undefined) return;
    const { records } = batch;
    const isWhole = count === records.length;
    if (!isWhole) this.#waiting.unshift({ ...batch, records: records.slice(count) });
    if (count > 0) this.#applied.push(isWhole ? batch : { ...batch, records: records.slice(0, count) });
    this.#waitingCount -= count;
    this.#appliedCount += count;
  }

  /** What was applied is in the file. */
  committed(): void {
    this.#applied = [];
    this.#appliedCount = 0;
  }

  /** What was applied is not in the file: it waits again, in its place. */
  rolledBack(): void {
    this.#waiting = [...this.#applied, ...this.#waiting];
    this.#waitingCount += this.#appliedCount;
    this.committed();
  }

  /** Nothing more will be applied. */
  drop(): void {
    this.#waiting = [];
    this.#waitingCount = 0;
  }
}
