/**
 * Users whom somebody writes to and this node has not heard of. Whoever was just named comes within moments; a broker that does
 * not know yet that it leads no more may hide the newest of the log for a few seconds; and who was signed in to a log that was
 * made anew is named in it when they come back. Only who stays unknown is nobody.
 */
import type { UserId } from '@parley/protocol';
import type { Clock } from '@parley/protocol/environment';

/** So long somebody must have been unknown, in milliseconds: twice the longest wait of a client that comes back. */
export const UNKNOWN_AFTER_MS = 60_000;
/** The oldest is forgotten first: asked for again it only waits anew. */
const MOST = 10_000;

export class Newcomers {
  readonly #clock: Clock;
  /** By user, when somebody first wrote to them. Oldest first. */
  readonly #sinceMs = new Map<UserId, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether somebody wrote to the user so long ago already. */
  isLongUnknown(user: UserId): boolean {
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#sinceMs.get(user);
    if (sinceMs !== undefined) return nowMs - sinceMs >= UNKNOWN_AFTER_MS;
    this.#sinceMs.set(user, nowMs);
    if (this.#sinceMs.size > MOST) this.#forgetOldest();
    return false;
  }

  #forgetOldest(): void {
    for (const user of this.#sinceMs.keys()) {
      this.#sinceMs.delete(user);
      return;
    }
  }
}
