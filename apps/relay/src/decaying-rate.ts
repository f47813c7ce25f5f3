import type { Clock } from '@parley/protocol/environment';

/** How many of something came a second of late. */
export class DecayingRate {
  readonly #clock: Clock;
  readonly #halfLifeMs: number;
  #sum = 0;
  #atMs: number;

  /** @param halfLifeMs The rate forgets half of what was in this time. */
  constructor(clock: Clock, halfLifeMs: number) {
    this.#clock = clock;
    this.#halfLifeMs = halfLifeMs;
    this.#atMs = clock.monotonicMs();
  }

  /** @returns The rate, these included. */
  add(count: number): number {
    const nowMs = this.#clock.monotonicMs();
    this.#sum = this.#sum * 0.5 ** ((nowMs - this.#atMs) / this.#halfLifeMs) + count;
    this.#atMs = nowMs;
    // A decaying sum divided by its mean life is the rate.
    return (this.#sum * Math.LN2 * 1_000) / this.#halfLifeMs;
  }
}
