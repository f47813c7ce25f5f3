/**
 * Changes that happened and were not told yet. A user is told of once in USER_GAP_MS and the last state wins; a flip that
 * ended where it began is never told. Until a change is told every screen, a new one too, shows the state before it:
 * otherwise an untold flip would leave the new one wrong.
 */
import type { PresenceState as State, UserId } from '@parley/protocol';

/** So long a change waits for others, to go out in one frame with them. Milliseconds. */
export const COALESCE_MS = 100;
/** At most one change of a user in this time, in milliseconds. */
const USER_GAP_MS = 2_000;

export class PendingChanges {
  readonly #pending = new Map<UserId, { told: State; dueAt: number }>();
  /** When users were last told of, oldest first; forgotten after USER_GAP_MS. */
  readonly #toldAt = new Map<UserId, number>();

  /**
   * @param from What the screens show.
   * @returns When the change is due, monotonic.
   */
  add(user: UserId, from: State, now: number): number {
    const pending = this.#pending.get(user);
    if (pending !== undefined) return pending.dueAt;
    const last = this.#toldAt.get(user);
    // Who was shown offline has been gone for a whole grace, so coming back is rare, and it is promised within a second.
    const allowedAt = last === undefined || from === 'offline' ? now : last + USER_GAP_MS;
    const dueAt = Math.max(now + COALESCE_MS, allowedAt);
    this.#pending.set(user, { told: from, dueAt });
    return dueAt;
  }

  /** What the screens show of a user who is `current` now. */
  toldState(user: UserId, current: State): State {
    return this.#pending.get(user)?.told ?? current;
  }

  /** Users whose change is not told yet, with what the screens show. */
  *all(): Generator<[UserId, State]> {
    for (const [user, { told }] of this.#pending) yield [user, told];
  }

  /** The users to be told of now. */
  take(now: number, stateOf: (user: UserId) => State): UserId[] {
    for (const [user, at] of this.#toldAt) {
      if (now - at < USER_GAP_MS) break;
      this.#toldAt.delete(user);
    }
    const users: UserId[] = [];
    for (const [user, { told, dueAt }] of this.#pending) {
      if (dueAt > now) continue;
      this.#pending.delete(user);
      if (stateOf(user) === told) continue;
      this.#toldAt.delete(user);
      this.#toldAt.set(user, now);
      users.push(user);
    }
    return users;
  }

  /** When the next change is due, monotonic; Infinity when there is none. */
  get nextDueAt(): number {
    let next = Infinity;
    for (const { dueAt } of this.#pending.values()) next = Math.min(next, dueAt);
    return next;
  }
}
