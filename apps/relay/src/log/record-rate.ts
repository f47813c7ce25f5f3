import type { Clock } from '@parley/protocol/environment';

/** Records a second from which it can pay to let them gather: with fewer, hardly two come within the time allowed. */
export const GATHER_FROM_PER_SECOND = 100;

/** The rate forgets half of what was in this time, in milliseconds. */
const HALF_LIFE_MS = 500;

/** How many records a second came of late. */
export class RecordRate {
  readonly #clock: Clock;
  #sum = 0;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  /** @returns The rate, these included. */
  add(records: number): number {
    const nowMs = this.#clock.monotonicMs();
    this.#sum = this.#sum * 0.5 ** ((nowMs - this.#atMs) / HALF_LIFE_MS) + records;
    this.#atMs = nowMs;
    // A decaying sum divided by its mean life is the rate.
    return (this.#sum * Math.LN2 * 1000) / HALF_LIFE_MS;
  }
}
