import type { Clock } from '@parley/protocol/environment';

/** Records a second above which fetches are spaced out; below it every record is fetched as soon as it is there. */
const BUSY_PER_SECOND = 300;
/** The pause before the next fetch of a busy log, in milliseconds, for every thousand records a second … */
const PAUSE_MS_PER_THOUSAND = 25;
/** … and at most. */
const PAUSE_MOST_MS = 50;
/** The rate forgets half of what was in this time, in milliseconds. */
const HALF_LIFE_MS = 500;

/**
 * How long the next fetch waits. A fetch costs the node and the broker about the same whether it brings one record or
 * fifty, and kafkajs asks again as soon as a batch was taken, so a busy log would be fetched in crumbs.
 */
export class FetchPace {
  readonly #clock: Clock;
  #records = 0;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs();
  }

  /** Counts what a fetch brought and answers with the pause after it, in milliseconds. */
  pauseAfter(records: number): number {
    const nowMs = this.#clock.monotonicMs();
    this.#records = this.#records * 0.5 ** ((nowMs - this.#atMs) / HALF_LIFE_MS) + records;
    this.#atMs = nowMs;
    // A decaying sum divided by its mean life is the rate.
    const perSecond = (this.#records * Math.LN2 * 1000) / HALF_LIFE_MS;
    return perSecond > BUSY_PER_SECOND ? Math.min((perSecond / 1000) * PAUSE_MS_PER_THOUSAND, PAUSE_MOST_MS) : 0;
  }
}
