/**
 * What a node that has just begun to hear is told of those who cannot tell it themselves: whoever left a moment ago, died and is
 * not given up yet, or was replaced by a newer life. Without it a restarted node would show as offline who is in their grace.
 */
import type { UserId } from '@parley/protocol';
import { createPeer, type Peer } from './peer.ts';
import type { PresenceMessageOf } from './presence-message.ts';
import type { PresenceState } from './presence-state.ts';
import { putUser, type ShownState } from './presence-tally.ts';
import { ANSWERS_MS, LEASE_MS, QUIET_MS } from './presence-timing.ts';

interface Hearsay {
  node: string;
  incarnation: number;
  users: [user: UserId, lingerMs: number, shown: ShownState][];
}

/** Of nodes from which nothing new is to be expected. */
export function* hearsay({ peers, orphans }: PresenceState, now: number): Generator<Hearsay> {
  const isSilent = ({ deadline }: Peer): boolean => now - (deadline - LEASE_MS) > QUIET_MS;
  const gone = [...peers.values()].filter((peer) => peer.leaving !== undefined || isSilent(peer));
  for (const peer of [...gone, ...orphans]) {
    const users: Hearsay['users'] = [];
    for (const [user, shown] of peer.users) {
      const lingerMs = Math.ceil((peer.leaving?.get(user) ?? peer.deadline) - now);
      if (lingerMs > 0) users.push([user, lingerMs, shown]);
    }
    if (users.length > 0) yield { node: peer.node, incarnation: peer.incarnation, users };
  }
}

/** Only by who has just begun to hear, and of lives that it has not heard itself. The first to tell of a user is believed. */
export function believe(state: PresenceState, message: PresenceMessageOf<'hearsay'>, now: number): void {
  const { of, ofIncarnation, linger } = message;
  if (now - state.hearsSince > 2 * ANSWERS_MS) return;
  if (of === state.node ? ofIncarnation >= state.incarnation : isHeard(state, of, ofIncarnation)) return;
  const told = toldOf(state, { of, ofIncarnation, now });
  const until = (told.leaving ??= new Map<UserId, number>());
  for (const [user, lingerMs, shown] of linger) {
    if (until.has(user)) continue;
    putUser(state.tally, told.users, user, shown);
    until.set(user, now + Math.min(lingerMs, LEASE_MS));
  }
}

function isHeard({ peers, gone }: PresenceState, node: string, incarnation: number): boolean {
  return (gone.get(node)?.incarnation ?? -1) >= incarnation || peers.get(node)?.incarnation === incarnation;
}

function toldOf(state: PresenceState, life: { of: string; ofIncarnation: number; now: number }): Peer {
  const { of, ofIncarnation, now } = life;
  const known = state.orphans.find(({ node, incarnation }) => node === of && incarnation === ofIncarnation);
  if (known !== undefined) return known;
  const told = createPeer(of, ofIncarnation, now);
  state.orphans.push(told);
  return told;
}
