/**
 * Who seems to have gone, but may only have moved to a node whose word of it was lost or is still under way. Such a user
 * stays shown until every other node was heard once more with nothing missing, which is a heartbeat, or DOUBT_MAX_MS.
 */
import type { UserId } from '@parley/protocol';
import { recount, type ShownState, type Tally, takeTransitions, type Transition } from './presence-tally.ts';
import { DOUBT_MAX_MS } from './presence-timing.ts';

/** Oldest first. The doubt itself counts as an owner of the user. */
export type Doubts = Map<UserId, { shown: ShownState; since: number }>;

/**
 * What an event changed.
 * @param now Whoever is without an owner is doubted from now; undefined: is believed to be gone.
 */
export function settle(tally: Tally, doubts: Doubts, now: number | undefined): Transition[] {
  for (const [user, before] of tally.before) {
    const doubt = doubts.get(user);
    const owners = tally.owners.get(user);
    if (doubt !== undefined) {
      if (owners !== undefined && owners.online + owners.away > 1) endDoubt(tally, doubts, user, doubt.shown);
    } else if (now !== undefined && owners === undefined && before !== 'offline') {
      doubts.set(user, { shown: before, since: now });
      recount(tally, user, undefined, before);
    }
  }
  return takeTransitions(tally);
}

/**
 * Believes the doubts that are old enough.
 * @param soundAt Since when nothing of any other node is missing, monotonic.
 * @param hearsSince Monotonic; no time of silence before counts.
 */
export function endDoubts(
  tally: Tally,
  doubts: Doubts,
  times: { now: number; soundAt: number; hearsSince: number },
): void {
  for (const [user, { shown, since }] of doubts) {
    const isSure = since <= times.soundAt;
    if (!isSure && times.now - Math.max(since, times.hearsSince) < DOUBT_MAX_MS) return;
    endDoubt(tally, doubts, user, shown);
  }
}

function endDoubt(tally: Tally, doubts: Doubts, user: UserId, shown: ShownState): void {
  doubts.delete(user);
  recount(tally, user, shown, undefined);
}
