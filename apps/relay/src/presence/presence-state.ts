/**
 * What one node knows about who is where: pure, the monotonic time comes in with each event. Called by presence.ts with
 * every signal and tick; what it returns goes to the broadcast and back to the other nodes.
 *
 * Each node owns the users it names and nobody else's. The others hold them under (node, incarnation) until it says
 * otherwise or its lease ends. The state is changed in place: it is as large as the cluster, a change is one user.
 */
import type { UserId } from '@parley/protocol';
import type { PresenceMessage, PresenceMessageOf } from './presence-message.ts';
import { ASK_AGAIN_MS, DEAF_MS, LEASE_MS } from './presence-timing.ts';
import {
  createTally,
  recount,
  type ShownState,
  type Tally,
  takeTransitions,
  type Transition,
} from './presence-tally.ts';
import { addPart, type SnapshotParts } from './snapshot-parts.ts';

/** One life of another node. */
interface Peer {
  readonly incarnation: number;
  /** Of the newest message heard. */
  counter: number;
  /** Which state `users` is; -1 before the first snapshot. */
  version: number;
  /** The newest version heard of; above `version` something is missing. */
  newest: number;
  readonly users: Map<UserId, ShownState>;
  /** When the lease ends, monotonic. */
  deadline: number;
  /** Set once it said bye: until when each user is still shown. */
  leaving: Map<UserId, number> | undefined;
  /** Parts of a snapshot that is not complete yet. */
  parts: SnapshotParts | undefined;
  askedAt: number;
}

export interface PresenceState {
  readonly node: string;
  incarnation: number;
  readonly tally: Tally;
  readonly own: Map<UserId, ShownState>;
  /** The living incarnation of each other node. */
  readonly peers: Map<string, Peer>;
  /** Incarnations that a newer one of the same node replaced: their users have what is left of the lease to come back. */
  orphans: Peer[];
  /** Tombstones: incarnations that ended, so that what still arrives from them changes nothing. Oldest first, bounded. */
  readonly gone: Map<string, { incarnation: number; left: boolean; toldAt: number }>;
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
const TOMBSTONES_MAX = 256;

export function createPresenceState(node: string, incarnation: number, now: number): PresenceState {
  return {
    node,
    incarnation,
    tally: createTally(),
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
export function applyOwn(state: PresenceState, changes: readonly [UserId, ShownState | undefined][]): Outcome {
  for (const [user, shown] of changes) put(state, state.own, user, shown);
  return { transitions: takeTransitions(state.tally) };
}

/** A message of another node, or an own one that came back. */
export function receive(state: PresenceState, from: string, message: PresenceMessage, now: number): Outcome {
  const outcome: Outcome = { transitions: [] };
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
  const peer = peerOf(state, from, message, outcome, now);
  if (peer !== undefined) applyTo(state, peer, message, outcome, now);
  outcome.transitions = takeTransitions(state.tally);
  return outcome;
}

/** Time passed: freezes, and drops whoever's lease or last grace has ended. */
export function advance(state: PresenceState, now: number): Outcome {
  if (now - state.heardAt >= DEAF_MS) state.frozen = true;
  if (isFrozen(state) || now < state.hearsSince + LEASE_MS) return { transitions: [] };
  for (const [node, peer] of state.peers) {
    endLingering(state, peer, now);
    if (peer.deadline > now) continue;
    dropAll(state, peer);
    state.peers.delete(node);
    bury(state, node, { incarnation: peer.incarnation, left: peer.leaving !== undefined, toldAt: -Infinity });
  }
  if (state.orphans.length > 0) {
    for (const peer of state.orphans) {
      endLingering(state, peer, now);
      if (peer.deadline <= now) dropAll(state, peer);
    }
    state.orphans = state.orphans.filter((peer) => peer.deadline > now);
  }
  return { transitions: takeTransitions(state.tally) };
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
    if (peer.leaving !== undefined || peer.newest <= peer.version || now - peer.askedAt < ASK_AGAIN_MS) continue;
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
  if (asked !== undefined && asked.newest > asked.version && message.expired === undefined) asked.askedAt = now;
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
  const peer: Peer = {
    incarnation: message.incarnation,
    counter: -1,
    version: -1,
    newest: -1,
    users: new Map(),
    deadline: now + LEASE_MS,
    leaving: undefined,
    parts: undefined,
    askedAt: -Infinity,
  };
  state.gone.delete(node);
  state.peers.set(node, peer);
  return peer;
}

function applyTo(state: PresenceState, peer: Peer, message: PresenceMessage, outcome: Outcome, now: number): void {
  if (message.kind === 'bye') {
    sayBye(peer, message, now);
    return;
  }
  if (peer.leaving !== undefined) return;
  if (message.counter > peer.counter) {
    peer.counter = message.counter;
    peer.deadline = now + LEASE_MS;
  }
  peer.newest = Math.max(peer.newest, message.version);
  if (message.kind === 'delta' && message.version === peer.version + 1) {
    for (const user of message.gone) put(state, peer.users, user, undefined);
    for (const user of message.away) put(state, peer.users, user, 'away');
    for (const user of message.online) put(state, peer.users, user, 'online');
    peer.version = message.version;
  } else if (message.kind === 'snapshot' && message.version > peer.version) applySnapshot(state, peer, message);
  if (peer.newest > peer.version) outcome.gap = true;
}

function applySnapshot(state: PresenceState, peer: Peer, message: PresenceMessageOf<'snapshot'>): void {
  const { parts, users } = addPart(peer.parts, message);
  peer.parts = parts;
  if (users === undefined) return;
  peer.version = message.version;
  for (const user of peer.users.keys()) if (!users.has(user)) put(state, peer.users, user, undefined);
  for (const [user, shown] of users) put(state, peer.users, user, shown);
}

// Whoever the parts of a bye do not name (one was lost) stays until the lease ends.
function sayBye(peer: Peer, message: PresenceMessageOf<'bye'>, now: number): void {
  if (peer.leaving === undefined) {
    peer.leaving = new Map();
    peer.deadline = now + LEASE_MS;
  }
  for (const [user, lingerMs] of message.linger) {
    if (peer.users.has(user) && !peer.leaving.has(user)) peer.leaving.set(user, now + Math.min(lingerMs, LEASE_MS));
  }
}

function endLingering(state: PresenceState, peer: Peer, now: number): void {
  if (peer.leaving === undefined) return;
  for (const [user, until] of peer.leaving) {
    if (until > now) continue;
    put(state, peer.users, user, undefined);
    peer.leaving.delete(user);
  }
}

function dropAll(state: PresenceState, peer: Peer): void {
  for (const user of peer.users.keys()) put(state, peer.users, user, undefined);
}

function put(state: PresenceState, users: Map<UserId, ShownState>, user: UserId, shown: ShownState | undefined): void {
  recount(state.tally, user, users.get(user), shown);
  if (shown === undefined) users.delete(user);
  else users.set(user, shown);
}

function bury(
  state: PresenceState,
  node: string,
  tombstone: { incarnation: number; left: boolean; toldAt: number },
): void {
  state.gone.delete(node);
  state.gone.set(node, tombstone);
  if (state.gone.size <= TOMBSTONES_MAX) return;
  for (const oldest of state.gone.keys()) {
    state.gone.delete(oldest);
    return;
  }
}
