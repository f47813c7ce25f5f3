/** One life of another node, as it told about itself: what it says of its users, and whether anything of it is missing. */
import type { UserId } from '@parley/protocol';
import type { PresenceMessage, PresenceMessageOf } from './presence-message.ts';
import { putUser, type ShownState, type Tally } from './presence-tally.ts';
import { LEASE_MS } from './presence-timing.ts';
import { addPart, type SnapshotParts } from './snapshot-parts.ts';

export interface Peer {
  readonly node: string;
  readonly incarnation: number;
  /** Of the newest message heard. */
  counter: number;
  /** Which state `users` is; -1 before the first snapshot. */
  version: number;
  /** The newest version heard of; above `version` something is missing. */
  newest: number;
  readonly users: Map<UserId, ShownState>;
  /** Sockets that it holds; undefined while it takes no new ones. */
  sessions: number | undefined;
  /** The newest version of records that it knows; undefined before it said so. */
  records: number | undefined;
  /** When the lease ends, monotonic. */
  deadline: number;
  /** When it was last heard with nothing missing, monotonic: `users` was all of it then. */
  soundAt: number;
  /** Set once it said bye: until when each user is still shown. */
  leaving: Map<UserId, number> | undefined;
  parts: SnapshotParts | undefined;
  /** When this node or another one last asked it for a snapshot. */
  askedAt: number;
}

export function createPeer(node: string, incarnation: number, now: number): Peer {
  return {
    node,
    incarnation,
    counter: -1,
    version: -1,
    newest: -1,
    users: new Map(),
    sessions: undefined,
    records: undefined,
    deadline: now + LEASE_MS,
    soundAt: -Infinity,
    leaving: undefined,
    parts: undefined,
    askedAt: -Infinity,
  };
}

export function isLacking(peer: Peer): boolean {
  return peer.newest > peer.version;
}

/** A message of this life. Versions order what is said, counters order who was heard: never the order of arrival. */
export function applyToPeer(tally: Tally, peer: Peer, message: PresenceMessage, now: number): void {
  if (message.kind === 'bye') {
    sayBye(peer, message, now);
    return;
  }
  if (peer.leaving !== undefined) return;
  peer.newest = Math.max(peer.newest, message.version);
  if (message.kind === 'delta' && message.version === peer.version + 1) {
    for (const user of message.gone) putUser(tally, peer.users, user, undefined);
    for (const user of message.away) putUser(tally, peer.users, user, 'away');
    for (const user of message.online) putUser(tally, peer.users, user, 'online');
    peer.version = message.version;
  } else if (message.kind === 'snapshot' && message.version > peer.version) applySnapshot(tally, peer, message);
  if (message.counter <= peer.counter) return;
  peer.counter = message.counter;
  if (message.kind === 'heartbeat') peer.sessions = message.sessions;
  if (message.kind === 'heartbeat' || message.kind === 'snapshot') peer.records = message.records ?? 1;
  peer.deadline = now + LEASE_MS;
  if (!isLacking(peer)) peer.soundAt = now;
}

/** After a bye: takes away whose grace has ended. */
export function endLingering(tally: Tally, peer: Peer, now: number): void {
  if (peer.leaving === undefined) return;
  for (const [user, until] of peer.leaving) {
    if (until > now) continue;
    putUser(tally, peer.users, user, undefined);
    peer.leaving.delete(user);
  }
}

export function dropUsers(tally: Tally, peer: Peer): void {
  for (const user of peer.users.keys()) putUser(tally, peer.users, user, undefined);
}

function applySnapshot(tally: Tally, peer: Peer, message: PresenceMessageOf<'snapshot'>): void {
  const { parts, users } = addPart(peer.parts, message);
  peer.parts = parts;
  if (users === undefined) return;
  peer.version = message.version;
  for (const user of peer.users.keys()) if (!users.has(user)) putUser(tally, peer.users, user, undefined);
  for (const [user, shown] of users) putUser(tally, peer.users, user, shown);
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
