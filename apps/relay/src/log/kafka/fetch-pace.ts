import type { Clock } from '@parley/protocol/environment';
import { DecayingRate } from '../../decaying-rate.ts';
import { GATHER_FROM_PER_SECOND, RECORDS_HALF_LIFE_MS } from '../gathering.ts';

/** Records a second above which fetches are spaced out; below it every record is fetched as soon as it is there. */
const BUSY_PER_SECOND = 300;
/** The pause before the next fetch of a busy log, in milliseconds, for every thousand records a second … */
const PAUSE_MS_PER_THOUSAND = 25;
/** … and at most. */
const PAUSE_MOST_MS = 50;

/**
 * How long the next fetch waits. A fetch costs the node and the broker about the same whether it brings one record or
 * fifty, so a busy log would be fetched in crumbs.
 */
export class FetchPace {
  readonly #rate: DecayingRate;

  constructor(clock: Clock) {
    this.#rate = new DecayingRate(clock, RECORDS_HALF_LIFE_MS);
  }

  /**
   * Counts what a fetch brought.
   * @param gatherMs How long records may gather for the sake of those they are pushed to.
   * @returns The pause after it, in milliseconds.
   */
  pauseAfter(records: number, gatherMs: number): number {
    const perSecond = this.#rate.add(records);
    if (perSecond > BUSY_PER_SECOND)
      return Math.max(Math.min((perSecond / 1000) * PAUSE_MS_PER_THOUSAND, PAUSE_MOST_MS), gatherMs);
    return perSecond > GATHER_FROM_PER_SECOND ? gatherMs : 0;
  }
}
