/**
 * Evens out sessions over the nodes. When a node comes back after a failure, the others hold its sessions, and new ones alone would
 * take hours to even that out: so a node that holds clearly more than its share asks a few at a time to connect again,
 * and Nginx hands them to the node with the fewest. Nobody notices: the client connects anew before it leaves.
 */
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { Logger } from '../logger.ts';

/** How often a node compares itself to the others; those it asks to move do so spread over this time. Milliseconds. */
export const BALANCE_EVERY_MS = 5_000;
const BALANCE_RARELY_MS = 300_000;
/** Over its share by more than this part and a few sessions: below it, moving costs more than it brings. */
const TOLERATED_SHARE = 0.1;
const TOLERATED_SESSIONS = 2;
/** More new ones between two looks: everybody is coming back. */
const GROWING_SHARE = 0.01;
/** At most this part of its sessions moves at a time. */
const MOVED_SHARE = 0.05;

export interface BalancerOptions {
  clock: Clock;
  logger: Logger;
  /** Sessions of this node. */
  own(): number;
  /** Sessions of each other node that is alive; undefined while this node may not know them all. */
  others(): readonly number[] | undefined;
  /** Asks so many sessions to move within `windowMs`. */
  move(count: number, windowMs: number): void;
}

/** @returns Ends it. */
export function startBalancer(options: BalancerOptions): CancelTimer {
  let cancelTimer: CancelTimer | undefined;
  let everyMs = BALANCE_EVERY_MS;
  let before = Infinity;
  let last = 0;
  const look = (): void => {
    const own = options.own();
    const others = options.others();
    // While many come, what others told is older than what is counted here, and the proxy evens it out anyway.
    const isGrowing = own > last * (1 + GROWING_SHARE) + TOLERATED_SESSIONS;
    last = own;
    const count = others === undefined || isGrowing ? 0 : surplus(own, others);
    if (count > 0) {
      // Whoever is asked and comes back here is sent here by a proxy of other habits: asking again is of little use.
      everyMs = own < before ? BALANCE_EVERY_MS : Math.min(everyMs * 2, BALANCE_RARELY_MS);
      options.logger.info({ sessions: own, others, count }, 'sessions are asked to move to other nodes');
      options.move(count, BALANCE_EVERY_MS);
    } else everyMs = BALANCE_EVERY_MS;
    before = count > 0 ? own : Infinity;
    cancelTimer = options.clock.setTimer(look, everyMs);
  };
  cancelTimer = options.clock.setTimer(look, BALANCE_EVERY_MS);
  return () => cancelTimer?.();
}

/** How many sessions a node should let go of now. */
export function surplus(own: number, others: readonly number[]): number {
  if (others.length === 0) return 0;
  const share = (own + others.reduce((sum, sessions) => sum + sessions, 0)) / (others.length + 1);
  if (own <= share * (1 + TOLERATED_SHARE) + TOLERATED_SESSIONS) return 0;
  return Math.min(Math.ceil(own * MOVED_SHARE), Math.floor(own - share));
}
