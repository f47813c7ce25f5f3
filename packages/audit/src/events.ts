/**
 * What a run leaves behind: one event a line of JSON. Everybody who took part writes what happened to them, in the order in
 * which it happened; the checker needs nothing else.
 *
 * `at` is milliseconds on a monotonic clock that all writers share: the machine's (`process.hrtime`) for the processes of one
 * machine, the virtual one in a simulation. A `client` is one life of one client: started again it has another name and, where
 * its storage survived, the same device.
 */
import * as z from 'zod';

const at = z.number();
const client = z.string();
const conversation = z.string();
const user = z.string();
const id = z.string();
const node = z.string();
const seq = z.int().nonnegative();
/** Tells one socket of a client from another: a client that moves has two for a moment. */
const socket = z.int();
const head = z.tuple([conversation, seq]);

/**
 * How an entry reached a client: pushed, in a replay after a `hello`, as a page of history, as the `ack` of its own message, or
 * `held`: it had come on another socket and was put aside until now. The last two are not on the wire.
 */
export const Via = z.enum(['live', 'replay', 'fetch', 'ack', 'held']);

const people = [
  /** A client begins to live. Before any other event of it. */
  z.object({ type: z.literal('client'), at, client, user, device: z.string(), process: z.string() }),
  /** The client ended, by itself or killed, and writes nothing any more; what it had open is closed. */
  z.object({ type: z.literal('gone'), at, client }),
] as const;

const operations = [
  /** The user asked for it. `text` is `hashText` of a message's text. Only `message` unless `kind` says otherwise. */
  z.object({
    type: z.literal('invoke'),
    at,
    client,
    id,
    conversation,
    kind: z.optional(z.string()),
    text: z.optional(z.string()),
  }),
  /** Answered: it is in the log, and numbered. `by` tells whether an ack or the entry itself said so. */
  z.object({
    type: z.literal('ok'),
    at,
    client,
    id,
    conversation,
    seq,
    epoch: z.string(),
    by: z.enum(['ack', 'entry']),
  }),
  /** Refused. Without `retryable` this is an answer for good: the operation never appears. */
  z.object({ type: z.literal('fail'), at, client, id, code: z.string(), retryable: z.boolean() }),
  /** The socket died, or nobody answered: it happened or it did not. */
  z.object({ type: z.literal('info'), at, client, id }),
] as const;

const sockets = [
  z.object({ type: z.literal('opened'), at, client, socket }),
  /** The heads that the client named, the epoch they belong to, and the device that it takes itself for. */
  z.object({
    type: z.literal('hello'),
    at,
    client,
    socket,
    epoch: z.optional(z.string()),
    heads: z.array(head),
    device: z.optional(z.string()),
  }),
  z.object({
    type: z.literal('welcome'),
    at,
    client,
    socket,
    node,
    epoch: z.string(),
    resync: z.optional(z.enum(['epoch', 'ahead'])),
  }),
  /** A conversation as the node described it: its head, and what is hidden from this user (`hiddenUpTo`). */
  z.object({
    type: z.literal('claimed'),
    at,
    client,
    socket,
    conversation,
    head: seq,
    hiddenUpTo: seq,
  }),
  /** The node left out `from` to `to` of the replay, and said so. */
  z.object({ type: z.literal('hole'), at, client, socket, conversation, from: seq, to: seq }),
  z.object({ type: z.literal('caughtUp'), at, client, socket }),
  z.object({ type: z.literal('closed'), at, client, socket, code: z.int() }),
  /** The relay's side is gone; a client that stands still learns of it when it wakes. Only where somebody sees both sides. */
  z.object({ type: z.literal('ended'), at, client, socket }),
] as const;

const seen = [
  /** An entry came. `again`: it changed nothing, because the client held it already or put it aside. */
  z.object({
    type: z.literal('received'),
    at,
    client,
    socket,
    conversation,
    seq,
    id,
    author: user,
    kind: z.string(),
    text: z.optional(z.string()),
    via: Via,
    again: z.optional(z.literal(true)),
  }),
  /**
   * A conversation as the client shows it, in the order of the screen. `earlier`: older entries exist that were not loaded.
   * `final`: at the very end, after everything was healed and fetched.
   */
  z.object({
    type: z.literal('screen'),
    at,
    client,
    conversation,
    rows: z.array(z.tuple([seq, id])),
    holes: z.array(z.tuple([seq, seq])),
    pending: z.array(id),
    head: seq,
    earlier: z.boolean(),
    final: z.boolean(),
  }),
  /** Whose presence the client follows from now on: everybody's (`lobby`), and that of single users. */
  z.object({ type: z.literal('watch'), at, client, lobby: z.boolean(), users: z.array(user) }),
  /** What the client now shows of a user whom it watches; whom it was never told of is offline. */
  z.object({
    type: z.literal('presence'),
    at,
    client,
    user,
    state: z.enum(['online', 'away', 'offline']),
  }),
  /** Whether the client says that what it shows of others may be old. */
  z.object({ type: z.literal('stale'), at, client, stale: z.boolean() }),
] as const;

const membership = z.object({
  /**
   * Who may see what, from somebody who knows: the user came in or went at `seq`. `from` is the first entry that a joiner may
   * see. Needed only where no log is dumped; a dumped log tells it itself.
   */
  type: z.literal('membership'),
  at,
  conversation,
  user,
  change: z.enum(['joined', 'left', 'removed']),
  seq,
  from: z.optional(seq),
});

const runner = [
  /** Which part of the run begins. */
  z.object({ type: z.literal('phase'), at, phase: z.enum(['load', 'heal', 'calm', 'end']) }),
  /** A fault begins or ends. `name` pairs the two. */
  z.object({
    type: z.literal('nemesis'),
    at,
    name: z.string(),
    state: z.enum(['start', 'stop']),
    detail: z.optional(z.string()),
  }),
] as const;

const nodes = [
  /**
   * Nobody could hear anything of this node, or of this client, for so long that they had to give it up, though it lived, between two
   * times; where its sessions are was not to be known then. Written when it is over.
   */
  z.object({
    type: z.literal('hidden'),
    at,
    node: z.optional(node),
    client: z.optional(client),
    from: z.number(),
    to: z.number(),
  }),
] as const;

const dumps = [
  /** One conversation as a node's view holds it at the end: every entry, ascending. */
  z.object({
    type: z.literal('view'),
    at,
    node,
    epoch: z.string(),
    conversation,
    entries: z.array(z.tuple([seq, id, user])),
  }),
  /** Where a node's view stands in one partition of a topic, and its rolling hash up to there. */
  z.object({
    type: z.literal('position'),
    at,
    node,
    epoch: z.string(),
    topic: z.string(),
    partition: z.int(),
    next: z.int(),
    hash: z.string(),
  }),
  /** One record of the log, in the order of its partition, read from the start. `broken`: nobody can apply it. */
  z.object({
    type: z.literal('record'),
    at,
    epoch: z.string(),
    partition: z.int(),
    offset: z.int(),
    key: z.string(),
    id,
    author: user,
    kind: z.string(),
    text: z.optional(z.string()),
    visibility: z.optional(z.enum(['public', 'private'])),
    invite: z.optional(z.string()),
    broken: z.optional(z.literal(true)),
  }),
] as const;

export const AuditEvent = z.discriminatedUnion('type', [
  ...people,
  ...operations,
  ...sockets,
  ...seen,
  membership,
  ...runner,
  ...nodes,
  ...dumps,
]);
export type AuditEvent = z.infer<typeof AuditEvent>;
export type AuditEventType = AuditEvent['type'];
export type AuditEventOf<Type extends AuditEventType> = Extract<AuditEvent, { type: Type }>;
