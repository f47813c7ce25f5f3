/** Who watches whom: by session, and by user. */
import type { UserId } from '@parley/protocol';

export interface Watch<Session> {
  readonly session: Session;
  /** Everybody who is here. */
  readonly lobby: boolean;
  readonly users: ReadonlySet<UserId>;
}

export class WatchIndex<Session> {
  readonly #bySession = new Map<Session, Watch<Session>>();
  readonly #byUser = new Map<UserId, Set<Watch<Session>>>();
  readonly #lobby = new Set<Watch<Session>>();

  /** Replaces what the session watched before. */
  set(session: Session, what: { lobby: boolean; users: readonly UserId[] }): Watch<Session> {
    this.delete(session);
    const watch = { session, lobby: what.lobby, users: new Set(what.users) };
    this.#bySession.set(session, watch);
    if (watch.lobby) this.#lobby.add(watch);
    for (const user of watch.users) {
      const watches = this.#byUser.get(user);
      if (watches === undefined) this.#byUser.set(user, new Set([watch]));
      else watches.add(watch);
    }
    return watch;
  }

  delete(session: Session): void {
    const watch = this.#bySession.get(session);
    if (watch === undefined) return;
    this.#bySession.delete(session);
    this.#lobby.delete(watch);
    for (const user of watch.users) {
      const watches = this.#byUser.get(user);
      watches?.delete(watch);
      if (watches?.size === 0) this.#byUser.delete(user);
    }
  }

  get(session: Session): Watch<Session> | undefined {
    return this.#bySession.get(session);
  }

  /** Those that named this user, whether they watch the lobby or not. */
  of(user: UserId): ReadonlySet<Watch<Session>> {
    return this.#byUser.get(user) ?? NOBODY;
  }

  get lobby(): ReadonlySet<Watch<Session>> {
    return this.#lobby;
  }

  get all(): Iterable<Watch<Session>> {
    return this.#bySession.values();
  }

  get size(): number {
    return this.#bySession.size;
  }
}

const NOBODY: ReadonlySet<never> = new Set();
