/**
 * Tells the sessions of this node who came and went: each session what it watches, nothing else. Fed by presence.ts with
 * changes, by dispatch with `watch` frames; hands encoded frames to the sessions' outbound queues.
 */
import { LOBBY_MAX_PEOPLE, type Presence, type User, type UserId } from '@parley/protocol';
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import { encodeControl, encodeEphemeral, type OutgoingFrame } from '../session/outgoing-frame.ts';
import { COALESCE_MS, PendingChanges } from './pending-changes.ts';
import type { NodePresence, PresenceChange } from './presence.ts';
import { presenceFrames } from './presence-frames.ts';
import { type Watch, WatchIndex } from './watch-index.ts';

/** Between two frames of changes to a session, in milliseconds: four a second. */
const FRAME_GAP_MS = 250;
/** Where a lobby shows only how many people are here, the number is told this often, in milliseconds. */
export const COUNT_GAP_MS = 2_000;
/** A lobby that became too large for single people shows them again after this at the earliest, in milliseconds. */
export const LOBBY_CROWDED_MS = 30_000;

/** So long a session that could not take a change is left alone before it gets a new snapshot, in milliseconds. */
export const RESNAPSHOT_MS = 1_000;

/** What the broadcast needs of a session. */
export interface WatchingSession {
  push(frame: OutgoingFrame): void;
}

export interface BroadcastOptions {
  presence: Pick<NodePresence, 'presenceOf' | 'onlineUsers' | 'onlineCount' | 'stale'>;
  /** Undefined while the name is not known here yet: `handleUserNamed` brings it later. */
  userOf: (user: UserId) => User | undefined;
  clock: Clock;
}

export interface PresenceBroadcast<Session extends WatchingSession = WatchingSession> {
  /** Replaces what the session watches and sends it a snapshot. */
  watch(session: Session, what: { lobby: boolean; users: readonly UserId[] }): void;
  unwatch(session: Session): void;
  /** A frame of class `ephemeral` was dropped: the session gets a new snapshot RESNAPSHOT_MS later. */
  resnapshot(session: Session): void;
  handleChanges(changes: readonly PresenceChange[]): void;
  /** `presence.stale` changed. */
  handleStale(): void;
  /** Lists the user under this name from now on and, with `tell` (default true), tells those who see the user. */
  handleUserNamed(user: User, options?: { tell: boolean }): void;
  stop(): void;
}

export function createPresenceBroadcast<Session extends WatchingSession>(
  options: BroadcastOptions,
): PresenceBroadcast<Session> {
  return new RunningBroadcast<Session>(options);
}

class RunningBroadcast<Session extends WatchingSession> implements PresenceBroadcast<Session> {
  readonly #presence: BroadcastOptions['presence'];
  readonly #userOf: BroadcastOptions['userOf'];
  readonly #clock: Clock;
  readonly #watches = new WatchIndex<Session>();
  readonly #pending = new PendingChanges();
  /** More people are here than a lobby lists. */
  #crowded = false;
  #crowdedAt = -Infinity;
  #staleTold = true;
  #countTold = 0;
  #countToldAt = -Infinity;
  #lobbySnapshot: OutgoingFrame[] | undefined;
  #flushedAt = -Infinity;
  #flushAt = Infinity;
  #flushTimer: CancelTimer | undefined;
  readonly #owedSnapshot = new Set<Session>();
  #owedTimer: CancelTimer | undefined;
  #frameNumber = 0;

  constructor(options: BroadcastOptions) {
    this.#presence = options.presence;
    this.#userOf = options.userOf;
    this.#clock = options.clock;
  }

  watch(session: Session, what: { lobby: boolean; users: readonly UserId[] }): void {
    if (this.#watches.size === 0) this.#staleTold = this.#presence.stale;
    if (what.lobby && this.#watches.lobby.size === 0) this.#openLobby();
    this.#sendSnapshot(this.#watches.set(session, what));
  }

  unwatch(session: Session): void {
    this.#watches.delete(session);
    this.#owedSnapshot.delete(session);
  }

  resnapshot(session: Session): void {
    this.#owedSnapshot.add(session);
    this.#owedTimer ??= this.#clock.setTimer(() => {
      this.#owedTimer = undefined;
      const sessions = [...this.#owedSnapshot];
      this.#owedSnapshot.clear();
      for (const one of sessions) {
        const watch = this.#watches.get(one);
        if (watch !== undefined) this.#sendSnapshot(watch);
      }
    }, RESNAPSHOT_MS);
  }

  handleChanges(changes: readonly PresenceChange[]): void {
    if (this.#watches.size === 0) return;
    const now = this.#clock.monotonicMs();
    const hasLobby = this.#watches.lobby.size > 0;
    let dueAt = hasLobby && this.#crowded ? this.#countDueAt(now) : Infinity;
    for (const { from, presence } of changes) {
      const isSeen = (hasLobby && !this.#crowded) || this.#watches.of(presence.user).size > 0;
      if (isSeen) dueAt = Math.min(dueAt, this.#pending.add(presence.user, from, now));
    }
    this.#flushBy(dueAt);
  }

  handleStale(): void {
    this.#flushBy(this.#clock.monotonicMs());
  }

  handleUserNamed(user: User, { tell } = { tell: true }): void {
    this.#lobbySnapshot = undefined;
    if (!tell) return;
    const watches = new Set(this.#watches.of(user.id));
    const isHere = this.#told(user.id).state !== 'offline';
    if (isHere && !this.#crowded) for (const watch of this.#watches.lobby) watches.add(watch);
    if (watches.size === 0) return;
    const frame = encodeControl({ type: 'users', users: [user] });
    for (const { session } of watches) session.push(frame);
  }

  stop(): void {
    this.#flushTimer?.();
    this.#owedTimer?.();
  }

  #flush(): void {
    const now = this.#clock.monotonicMs();
    this.#flushedAt = now;
    this.#flushTimer = undefined;
    this.#flushAt = Infinity;
    const users = this.#pending.take(now, (user) => this.#presence.presenceOf(user).state);
    const staleChanged = this.#presence.stale !== this.#staleTold;
    this.#staleTold = this.#presence.stale;
    if (users.length > 0 || staleChanged) this.#lobbySnapshot = undefined;
    const concerned = this.#concerned(users, staleChanged);
    if (this.#crowdChanged(now)) this.#tellLobbyAnew();
    else this.#tellLobby(this.#crowded ? [] : users, staleChanged, concerned);
    this.#tellSingle(concerned);
    this.#flushBy(this.#nextDueAt(now));
  }

  /** The sessions that are told of single users, and of which. Whom the lobby lists, the lobby's frame names. */
  #concerned(users: readonly UserId[], staleChanged: boolean): Map<Watch<Session>, UserId[]> {
    const concerned = new Map<Watch<Session>, UserId[]>();
    if (staleChanged) {
      for (const watch of this.#watches.all) if (!watch.lobby) concerned.set(watch, []);
    }
    for (const user of users) {
      for (const watch of this.#watches.of(user)) {
        if (watch.lobby && !this.#crowded) continue;
        const list = concerned.get(watch);
        if (list === undefined) concerned.set(watch, [user]);
        else list.push(user);
      }
    }
    return concerned;
  }

  /** The lobby as a whole: one encoding for everybody in it. */
  #tellLobby(users: readonly UserId[], staleChanged: boolean, concerned: Map<Watch<Session>, unknown>): void {
    const count = this.#count();
    const now = this.#flushedAt;
    const countIsDue = count !== this.#countTold && (!this.#crowded || now - this.#countToldAt >= COUNT_GAP_MS);
    if (this.#watches.lobby.size === 0 || (users.length === 0 && !countIsDue && !staleChanged)) return;
    this.#countTold = count;
    this.#countToldAt = now;
    const frames = this.#encodeChanges(users);
    for (const watch of this.#watches.lobby) {
      // These get a frame of their own, which holds the count too.
      if (concerned.has(watch)) continue;
      for (const frame of frames) watch.session.push(frame);
    }
  }

  #tellLobbyAnew(): void {
    this.#countTold = this.#count();
    this.#countToldAt = this.#flushedAt;
    for (const watch of this.#watches.lobby) this.#sendSnapshot(watch);
  }

  /** Single users: one encoding for each set of them. */
  #tellSingle(concerned: Map<Watch<Session>, UserId[]>): void {
    const encoded = new Map<string, OutgoingFrame[]>();
    for (const [watch, users] of concerned) {
      const set = users.join();
      const frames = encoded.get(set) ?? this.#encodeChanges(users);
      encoded.set(set, frames);
      for (const frame of frames) watch.session.push(frame);
    }
  }

  /** A key of its own for each frame: a later one is about other users and must not replace it while it waits. */
  #encodeChanges(users: readonly UserId[]): OutgoingFrame[] {
    const presences = users.map((user) => this.#presence.presenceOf(user));
    return presenceFrames(presences, this.#facts(false)).map((frame) => {
      this.#frameNumber += 1;
      return encodeEphemeral(frame, `presence ${this.#frameNumber}`);
    });
  }

  #sendSnapshot(watch: Watch<Session>): void {
    for (const frame of this.#snapshotFor(watch)) watch.session.push(frame);
  }

  #snapshotFor(watch: Watch<Session>): OutgoingFrame[] {
    const listsLobby = watch.lobby && !this.#crowded;
    const own: Presence[] = [];
    for (const user of watch.users) {
      const presence = this.#told(user);
      const isKnown = presence.state !== 'offline' || presence.lastSeenAt !== undefined;
      if (isKnown && !(listsLobby && presence.state !== 'offline')) own.push(presence);
    }
    if (!listsLobby) return presenceFrames(own, this.#facts(true)).map(encodeControl);
    this.#lobbySnapshot ??= presenceFrames(this.#everybody(), this.#facts(true)).map(encodeControl);
    if (own.length === 0) return this.#lobbySnapshot;
    return [...this.#lobbySnapshot, ...presenceFrames(own, this.#facts(false)).map(encodeControl)];
  }

  #everybody(): Presence[] {
    const presences: Presence[] = [];
    for (const user of this.#presence.onlineUsers()) {
      const presence = this.#told(user);
      if (presence.state !== 'offline') presences.push(presence);
    }
    for (const [user, told] of this.#pending.all()) {
      const leftUntold = told !== 'offline' && this.#presence.presenceOf(user).state === 'offline';
      if (leftUntold) presences.push({ user, state: told });
    }
    return presences;
  }

  #told(user: UserId): Presence {
    const presence = this.#presence.presenceOf(user);
    const told = this.#pending.toldState(user, presence.state);
    return told === presence.state ? presence : { user, state: told };
  }

  /** As many as the screens show: what is not told of a user is not counted either. */
  #count(): number {
    let count = this.#presence.onlineCount;
    for (const [user, told] of this.#pending.all()) {
      const isHere = this.#presence.presenceOf(user).state !== 'offline';
      count += Number(told !== 'offline') - Number(isHere);
    }
    return count;
  }

  #facts(snapshot: boolean) {
    return { snapshot, onlineCount: this.#count(), stale: this.#staleTold, userOf: this.#userOf };
  }

  #openLobby(): void {
    this.#crowded = this.#presence.onlineCount > LOBBY_MAX_PEOPLE;
    this.#crowdedAt = -Infinity;
    this.#countTold = this.#count();
    this.#lobbySnapshot = undefined;
  }

  #crowdChanged(now: number): boolean {
    if (this.#watches.lobby.size === 0) return false;
    const crowded = this.#count() > LOBBY_MAX_PEOPLE;
    if (crowded === this.#crowded || (!crowded && now - this.#crowdedAt < LOBBY_CROWDED_MS)) return false;
    this.#crowded = crowded;
    if (crowded) this.#crowdedAt = now;
    this.#lobbySnapshot = undefined;
    return true;
  }

  #nextDueAt(now: number): number {
    let next = this.#pending.nextDueAt;
    if (this.#watches.lobby.size > 0 && this.#crowded) {
      const count = this.#count();
      if (count !== this.#countTold) next = Math.min(next, this.#countDueAt(now));
      if (count <= LOBBY_MAX_PEOPLE) next = Math.min(next, Math.max(now, this.#crowdedAt + LOBBY_CROWDED_MS));
    }
    return next;
  }

  #countDueAt(now: number): number {
    return Math.max(now + COALESCE_MS, this.#countToldAt + COUNT_GAP_MS);
  }

  #flushBy(at: number): void {
    const flushAt = Math.max(at, this.#flushedAt + FRAME_GAP_MS);
    if (flushAt >= this.#flushAt || flushAt === Infinity) return;
    this.#flushTimer?.();
    this.#flushAt = flushAt;
    const delayMs = Math.max(0, flushAt - this.#clock.monotonicMs());
    this.#flushTimer = this.#clock.setTimer(() => this.#flush(), delayMs);
  }
}
