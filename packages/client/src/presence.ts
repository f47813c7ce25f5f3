import type { Presence, RelayFrameOf, User, UserId } from '@parley/protocol';

/** Who is who, and who is here. Views are immutable and stay the same until something changes. */
export class People {
  readonly #users = new Map<UserId, User>();
  #presences = new Map<UserId, Presence>();
  #usersView: ReadonlyMap<UserId, User> | undefined;
  #presencesView: ReadonlyMap<UserId, Presence> | undefined;
  #onlineCount = 0;
  #isNodeCutOff = false;
  #isClientCutOff = false;

  get onlineCount(): number {
    return this.#onlineCount;
  }

  /** What is known of others may be old. */
  get isStale(): boolean {
    return this.#isNodeCutOff || this.#isClientCutOff;
  }

  get users(): ReadonlyMap<UserId, User> {
    return (this.#usersView ??= new Map(this.#users));
  }

  get presences(): ReadonlyMap<UserId, Presence> {
    return (this.#presencesView ??= new Map(this.#presences));
  }

  /** Adds users or takes over new names; true when anything changed. */
  learn(users: readonly User[]): boolean {
    let changed = false;
    for (const user of users) {
      if (this.#users.get(user.id)?.name === user.name) continue;
      this.#users.set(user.id, user);
      this.#usersView = undefined;
      changed = true;
    }
    return changed;
  }

  /** Takes a snapshot or a change of presences; returns those that are different now. */
  handlePresence(frame: RelayFrameOf<'presence'>): Presence[] {
    const before = this.#presences;
    if (frame.snapshot) this.#presences = new Map();
    for (const presence of frame.presences) {
      // Offline and nothing else known is what everybody is who is not named.
      if (presence.state === 'offline' && presence.lastSeenAt === undefined) this.#presences.delete(presence.user);
      else this.#presences.set(presence.user, presence);
    }
    this.#presencesView = undefined;
    this.#onlineCount = frame.onlineCount;
    this.#isNodeCutOff = frame.stale;
    if (frame.snapshot) this.#isClientCutOff = false;
    if (!frame.snapshot) return frame.presences;
    return changesBetween(before, this.#presences);
  }

  /** This client was without a node for long; the next snapshot ends it. */
  cutOff(): void {
    this.#isClientCutOff = true;
  }

  /** Another user signed in. */
  clear(): void {
    this.#users.clear();
    this.#presences = new Map();
    this.#usersView = undefined;
    this.#presencesView = undefined;
  }
}

function changesBetween(before: ReadonlyMap<UserId, Presence>, after: ReadonlyMap<UserId, Presence>): Presence[] {
  const gone = [...before.values()].filter(({ user, state }) => state !== 'offline' && !after.has(user));
  const changed = [...after.values()].filter((presence) => {
    const old = before.get(presence.user);
    return old?.state !== presence.state || old.lastSeenAt !== presence.lastSeenAt;
  });
  return [...gone.map(({ user }) => ({ user, state: 'offline' as const })), ...changed];
}
