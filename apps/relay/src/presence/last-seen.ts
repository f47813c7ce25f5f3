/** When users went offline: wall clock, for people; the most recent LAST_SEEN_MAX of them. */
import type { Presence, PresenceState as State, UserId } from '@parley/protocol';

const LAST_SEEN_MAX = 10_000;

export class LastSeen {
  readonly #at = new Map<UserId, number>();

  /** A user's state changed at `at`, milliseconds since 1970. */
  note(user: UserId, state: State, at: number): Presence {
    this.#at.delete(user);
    if (state === 'offline') {
      this.#at.set(user, at);
      if (this.#at.size > LAST_SEEN_MAX) this.#forgetOldest();
    }
    return this.describe(user, state);
  }

  describe(user: UserId, state: State): Presence {
    const lastSeenAt = state === 'offline' ? this.#at.get(user) : undefined;
    return lastSeenAt === undefined ? { user, state } : { user, state, lastSeenAt };
  }

  #forgetOldest(): void {
    for (const oldest of this.#at.keys()) {
      this.#at.delete(oldest);
      return;
    }
  }
}
