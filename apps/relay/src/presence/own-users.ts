/**
 * The users of this node's own sessions and their grace. Pure: the monotonic time comes in, changes come out.
 *
 * A closed session counts on for the grace as what it was, active or idle. So a reload shows nothing, neither for the
 * only page of a user nor for the active one beside an idle one.
 */
import { PRESENCE_GRACE_MS, type UserId } from '@parley/protocol';
import type { ShownState } from './presence-tally.ts';

/** What this node says of a user from now on; undefined is nothing. */
export type OwnChange = [user: UserId, state: ShownState | undefined];

interface OwnUser {
  /** Open sessions: whether each is idle. */
  readonly sessions: Map<string, boolean>;
  active: number;
  shown: ShownState | undefined;
}

export interface OwnUsers {
  readonly users: Map<UserId, OwnUser>;
  /** Until when a closed active session counts on. In order of time, as every grace is equally long. */
  readonly activeUntil: Map<UserId, number>;
  /** Until when a user without an open session counts on. In order of time. */
  readonly hereUntil: Map<UserId, number>;
}

export function createOwnUsers(): OwnUsers {
  return { users: new Map(), activeUntil: new Map(), hereUntil: new Map() };
}

export function openOwn(own: OwnUsers, user: UserId, session: { id: string; idle: boolean }): OwnChange[] {
  const entry = own.users.get(user) ?? { sessions: new Map<string, boolean>(), active: 0, shown: undefined };
  own.users.set(user, entry);
  setSession(entry, session.id, session.idle);
  own.hereUntil.delete(user);
  return review(own, user);
}

/** Does nothing for a session that is not open. */
export function setOwnIdle(own: OwnUsers, user: UserId, session: { id: string; idle: boolean }): OwnChange[] {
  const entry = own.users.get(user);
  if (entry?.sessions.has(session.id) !== true) return [];
  setSession(entry, session.id, session.idle);
  return review(own, user);
}

/** @param until Monotonic end of the grace; never before that of an earlier close. */
export function closeOwn(own: OwnUsers, user: UserId, session: string, until: number): OwnChange[] {
  const entry = own.users.get(user);
  const idle = entry?.sessions.get(session);
  if (entry === undefined || idle === undefined) return [];
  entry.sessions.delete(session);
  if (!idle) {
    entry.active -= 1;
    putLast(own.activeUntil, user, until);
  }
  if (entry.sessions.size === 0) putLast(own.hereUntil, user, until);
  return review(own, user);
}

/** Ends the graces that are over at `now`. */
export function endGraces(own: OwnUsers, now: number): OwnChange[] {
  const changes: OwnChange[] = [];
  for (const until of [own.hereUntil, own.activeUntil]) {
    for (const [user, at] of until) {
      if (at > now) break;
      until.delete(user);
      changes.push(...review(own, user));
    }
  }
  return changes;
}

/** How long each user is still to be shown when this node leaves at `now`, in milliseconds. */
export function* lingering(own: OwnUsers, now: number): Generator<[UserId, number]> {
  for (const user of own.users.keys()) {
    const until = own.hereUntil.get(user) ?? now + PRESENCE_GRACE_MS;
    yield [user, Math.max(0, Math.ceil(until - now))];
  }
}

function setSession(entry: OwnUser, session: string, idle: boolean): void {
  if (entry.sessions.get(session) === false) entry.active -= 1;
  if (!idle) entry.active += 1;
  entry.sessions.set(session, idle);
}

function review(own: OwnUsers, user: UserId): OwnChange[] {
  const entry = own.users.get(user);
  if (entry === undefined) return [];
  const here = entry.sessions.size > 0 || own.hereUntil.has(user);
  const active = entry.active > 0 || own.activeUntil.has(user);
  const shown = here ? (active ? 'online' : 'away') : undefined;
  if (!here) {
    own.users.delete(user);
    own.activeUntil.delete(user);
  }
  if (shown === entry.shown) return [];
  entry.shown = shown;
  return [[user, shown]];
}

// A key that is set again keeps its old place in a Map; here the place is the order of time.
function putLast(until: Map<UserId, number>, user: UserId, at: number): void {
  until.delete(user);
  until.set(user, at);
}
