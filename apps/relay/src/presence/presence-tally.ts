/**
 * Who is here in the whole cluster: for each user, by how many owners (nodes) it is shown online and away. The best
 * state wins. Work is proportional to what changes, never to who is here.
 */
import type { PresenceState as State, UserId } from '@parley/protocol';

/** What an owner says of a user; of whom it says nothing is not here as far as that owner knows. */
export type ShownState = Exclude<State, 'offline'>;

/** One user's state before and after an event; they differ. */
export interface Transition {
  user: UserId;
  from: State;
  to: State;
}

interface Owners {
  online: number;
  away: number;
}

export interface Tally {
  readonly owners: Map<UserId, Owners>;
  /** State before the current event of every user that it touched. */
  readonly before: Map<UserId, State>;
}

export function createTally(): Tally {
  return { owners: new Map(), before: new Map() };
}

export function stateOf(tally: Tally, user: UserId): State {
  const owners = tally.owners.get(user);
  if (owners === undefined) return 'offline';
  return owners.online > 0 ? 'online' : 'away';
}

/** One owner says `to` of a user of whom it said `from` before; undefined is nothing. */
export function recount(tally: Tally, user: UserId, from: ShownState | undefined, to: ShownState | undefined): void {
  if (from === to) return;
  if (!tally.before.has(user)) tally.before.set(user, stateOf(tally, user));
  const owners = tally.owners.get(user) ?? { online: 0, away: 0 };
  if (from !== undefined) owners[from] -= 1;
  if (to !== undefined) owners[to] += 1;
  if (owners.online + owners.away === 0) tally.owners.delete(user);
  else tally.owners.set(user, owners);
}

/**
 * What really changed since the last call. One event may take a user from one owner and give it to another: that is no
 * change, so nothing blinks.
 */
export function takeTransitions(tally: Tally): Transition[] {
  if (tally.before.size === 0) return [];
  const transitions: Transition[] = [];
  for (const [user, from] of tally.before) {
    const to = stateOf(tally, user);
    if (to !== from) transitions.push({ user, from, to });
  }
  tally.before.clear();
  return transitions;
}

/** Sets what one owner, who holds `users`, says of a user. */
export function putUser(
  tally: Tally,
  users: Map<UserId, ShownState>,
  user: UserId,
  shown: ShownState | undefined,
): void {
  recount(tally, user, users.get(user), shown);
  if (shown === undefined) users.delete(user);
  else users.set(user, shown);
}
