/**
 * What one node knows about who is where: pure, the monotonic time comes in with each event. Called by presence.ts with
 * every signal and tick; what it returns goes to the broadcast and back to the other nodes.
 *
 * Each node owns the users it names and nobody else's. The others hold them under (node, incarnation) until it says
 * otherwise or its lease ends. The state is changed in place: it is as large as the cluster, a change is one user.
 */
import type { UserId } from '@parley/protocol';
import { type Doubts, endDoubts, settle } from './doubts.ts';
import { applyToPeer, createPeer, dropUsers, endLingering, isLacking, type Peer } from './peer.ts';
import type { PresenceMessage, PresenceMessageOf } from './presence-message.ts';
import { createTally, putUser, type ShownState, type Tally, type Transition } from './presence-tally.ts';
import { believe } from './hearsay.ts';
import { ASK_AGAIN_MS, DEAF_MS, LEASE_MS, QUIET_MS } from './presence-timing.ts';

/** An incarnation that ended. `left`: it said bye. */
interface Tombstone {
  incarnation: number;
  left: boolean;
  /** When that node was last told that it was given up. */
  toldAt: number;
}

export interface PresenceState {
  readonly node: string;
  incarnation: number;
  readonly tally: Tally;
  readonly doubts: Doubts;
  readonly own: Map<UserId, ShownState>;
  /** The living incarnation of each other node. */
  readonly peers: Map<string, Peer>;
  /** Incarnations that a newer one of the same node replaced: their users have what is left of the lease to come back. */
  orphans: Peer[];
  /** By node, oldest first, bounded: what still arrives from these changes nothing. */
  readonly gone: Map<string, Tombstone>;
  heardAt: number;
  reachable: boolean;
  /** Hears nobody: nothing expires, and what is known may be old. */
  frozen: boolean;
  /** Why it had to give up its incarnation, until it has a new one: says nothing and expires nobody. */
  fenced: FenceReason | undefined;
  /** Since when it hears the others, monotonic. Each of them has one lease from here before it can expire. */
  hearsSince: number;
}

/**
 * Why this incarnation must end. `paused`: the process stood still for so long that the others may have given it up.
 * `expired`: another node did. `replaced`: a younger process has this node's name.
 */
export type FenceReason = 'paused' | 'expired' | 'replaced';

export interface Outcome {
  transitions: Transition[];
  /** Something of that node is missing: see `takeQuestions`. */
  gap?: true;
  /** Another node wants this one's snapshot. */
  asked?: true;
  /** It hears again: ask everybody. */
  returned?: true;
  /** Tell that node that this incarnation of it was given up. */
  expired?: { node: string; incarnation: number };
  fence?: FenceReason;
}

/** A name that comes back takes its tombstone with it, so only names that never return fill this. */
export const TOMBSTONES_MAX = 256;

export function createPresenceState(node: string, incarnation: number, now: number): PresenceState {
  return {
    node,
    incarnation,
    tally: createTally(),
    doubts: new Map(),
    own: new Map(),
    peers: new Map(),
    orphans: [],
    gone: new Map(),
    heardAt: now,
    reachable: true,
    // A node that heard nobody yet knows nobody yet.
    frozen: true,
    fenced: undefined,
    hearsSince: now,
  };
}

/** This node's own users changed; undefined: no longer here. */
export function applyOwn(
  state: PresenceState,
  changes: readonly [UserId, ShownState | undefined][],
  now: number,
): Outcome {
  for (const [user, shown] of changes) putUser(state.tally, state.own, user, shown);
  return { transitions: settleDoubtfully(state, now) };
}

/** A message of another node, or an own one that came back. */
export function receive(state: PresenceState, from: string, message: PresenceMessage, now: number): Outcome {
  const outcome: Outcome = { transitions: [] };
  // What was missed in a silence, however short, may be the heartbeat that somebody's lease rests on.
  if (now - state.heardAt > QUIET_MS) state.hearsSince = now;
  state.heardAt = now;
  if (state.frozen && state.reachable) {
    state.frozen = false;
    state.hearsSince = now;
    outcome.returned = true;
  }
  if (from === state.node) {
    if (message.incarnation > state.incarnation) outcome.fence = 'replaced';
    return outcome;
  }
  if (message.kind === 'request') answer(state, message, outcome, now);
  if (message.kind === 'hearsay') believe(state, message, now);
  const peer = peerOf(state, from, message, outcome, now);
  if (peer === undefined) return outcome;
  applyToPeer(state.tally, peer, message, now);
  if (isLacking(peer)) outcome.gap = true;
  outcome.transitions = settleDoubtfully(state, now);
  return outcome;
}

/** Time passed: freezes, and drops whoever's lease, grace or doubt has ended. */
export function advance(state: PresenceState, now: number): Outcome {
  if (now - state.heardAt >= DEAF_MS) state.frozen = true;
  if (isFrozen(state)) return { transitions: [] };
  const { tally, doubts, hearsSince } = state;
  if (now >= hearsSince + LEASE_MS) expire(state, now);
  const transitions = settle(tally, doubts, undefined);
  for (const peer of state.peers.values()) endLingering(tally, peer, now);
  for (const peer of state.orphans) endLingering(tally, peer, now);
  transitions.push(...settleDoubtfully(state, now));
  endDoubts(tally, doubts, { now, soundAt: soundAt(state), hearsSince });
  transitions.push(...settle(tally, doubts, undefined));
  return { transitions };
}

/** Whether the path to the others works at all, where something else knows it. */
export function setReachable(state: PresenceState, reachable: boolean): void {
  state.reachable = reachable;
  if (!reachable) state.frozen = true;
}

/** Nobody's end is believed now, not even that of an own user, who may be on a node that is not heard. */
export function isFrozen(state: PresenceState): boolean {
  return state.frozen || state.fenced !== undefined;
}

/** Somebody is heard who did not say yet who is there. */
export function knowsTooLittle(state: PresenceState): boolean {
  for (const peer of state.peers.values()) if (peer.leaving === undefined && peer.version === -1) return true;
  return false;
}

/** Goes on under a greater incarnation; the others are given one lease to be heard again. */
export function renew(state: PresenceState, incarnation: number, now: number): void {
  state.incarnation = incarnation;
  state.fenced = undefined;
  state.hearsSince = now;
}

/** Nodes of which something is missing and which nobody asked lately; counts as asking them. */
export function takeQuestions(state: PresenceState, now: number): string[] {
  const nodes: string[] = [];
  for (const [node, peer] of state.peers) {
    if (peer.leaving !== undefined || !isLacking(peer) || now - peer.askedAt < ASK_AGAIN_MS) continue;
    peer.askedAt = now;
    nodes.push(node);
  }
  return nodes;
}

function answer(state: PresenceState, message: PresenceMessageOf<'request'>, outcome: Outcome, now: number): void {
  if (message.to === undefined || message.to === state.node) {
    if (message.expired === undefined) outcome.asked = true;
    else if (message.to !== undefined && message.expired >= state.incarnation) outcome.fence = 'expired';
    return;
  }
  // Somebody else asked already for what is missing here too, and the answer goes to all.
  const asked = state.peers.get(message.to);
  if (asked !== undefined && isLacking(asked) && message.expired === undefined) asked.askedAt = now;
}

/** The life that a message belongs to, or undefined when that life is over. */
function peerOf(
  state: PresenceState,
  node: string,
  message: PresenceMessage,
  outcome: Outcome,
  now: number,
): Peer | undefined {
  const gone = state.gone.get(node);
  if (gone !== undefined && message.incarnation <= gone.incarnation) {
    if (message.incarnation === gone.incarnation && !gone.left && now - gone.toldAt >= ASK_AGAIN_MS) {
      gone.toldAt = now;
      outcome.expired = { node, incarnation: gone.incarnation };
    }
    return undefined;
  }
  const known = state.peers.get(node);
  if (known !== undefined) {
    if (message.incarnation < known.incarnation) return undefined;
    if (message.incarnation === known.incarnation) return known;
    if (known.users.size > 0) state.orphans.push(known);
  }
  const peer = createPeer(node, message.incarnation, now);
  state.gone.delete(node);
  state.peers.set(node, peer);
  return peer;
}

function expire(state: PresenceState, now: number): void {
  for (const [node, peer] of state.peers) {
    if (peer.deadline > now) continue;
    dropUsers(state.tally, peer);
    state.peers.delete(node);
    bury(state, node, { incarnation: peer.incarnation, left: peer.leaving !== undefined, toldAt: -Infinity });
  }
  for (const peer of state.orphans) if (peer.deadline <= now) dropUsers(state.tally, peer);
  if (state.orphans.length > 0) state.orphans = state.orphans.filter((peer) => peer.deadline > now);
}

function settleDoubtfully(state: PresenceState, now: number): Transition[] {
  if (state.tally.before.size === 0) return [];
  return settle(state.tally, state.doubts, soundAt(state) < now ? now : undefined);
}

/** Since when nothing of any other node is missing. Infinity where there is none. */
function soundAt(state: PresenceState): number {
  let since = Infinity;
  for (const peer of state.peers.values()) if (peer.leaving === undefined) since = Math.min(since, peer.soundAt);
  return since;
}

function bury(state: PresenceState, node: string, tombstone: Tombstone): void {
  state.gone.delete(node);
  state.gone.set(node, tombstone);
  if (state.gone.size <= TOMBSTONES_MAX) return;
  for (const oldest of state.gone.keys()) {
    state.gone.delete(oldest);
    return;
  }
}
