import * as z from 'zod/mini';
import { codeOf } from './code.ts';
import { Conversation, RoomListing } from './conversation.ts';
import { Entry } from './entry.ts';
import { ERROR_CODES } from './errors.ts';
import { ConversationId, Epoch, InviteToken, OperationId, RoomId, Seq, UserId } from './ids.ts';
import { CURSOR_MAX_UNITS, DETAIL_MAX_UNITS, NODE_MAX_UNITS } from './limits.ts';
import { Presence, User } from './people.ts';
import { cleanText } from './text.ts';

const Request = z.int().check(z.nonnegative());
const Next = z.optional(cleanText(CURSOR_MAX_UNITS));
const Count = z.int().check(z.nonnegative());

/**
 * relay → client. A client ignores fields and frames that it does not know: a newer relay may send them within the same
 * version.
 */
export const RelayFrame = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('welcome'),
    /** The version that both will speak. */
    version: z.int(),
    epoch: Epoch,
    /** The node that serves this socket. */
    node: cleanText(NODE_MAX_UNITS),
    me: User,
    /** Present: the client's heads mean nothing here. It drops what it holds, but never its outbox, and starts cold. */
    resync: z.optional(z.enum(['epoch', 'ahead'])),
    /** Wall clock of the relay, milliseconds since 1970. */
    at: z.int(),
  }),
  /** Conversations that are new to this socket or changed otherwise than by an entry. `users` are those named in them. */
  z.object({ type: z.literal('conversations'), conversations: z.array(Conversation), users: z.array(User) }),
  /**
   * Consecutive entries, ascending by `seq`, live or replayed: the client applies both alike. `users` are their authors.
   */
  z.object({ type: z.literal('entries'), conversation: ConversationId, entries: z.array(Entry), users: z.array(User) }),
  /** During a replay: `from` to `to`, both included, exist but were left out. To be fetched by `history`. */
  z.object({ type: z.literal('hole'), conversation: ConversationId, from: Seq, to: Seq }),
  /** Everything that was missing at the `hello` has been handed to this socket. */
  z.object({ type: z.literal('caughtUp') }),

  /** In the log, applied by this node, and numbered. */
  z.object({ type: z.literal('ack'), id: OperationId, conversation: ConversationId, seq: Seq, at: z.int() }),
  /** Refused: the operation `id`, the question `request`, or, with neither, a frame or the socket itself. */
  z.object({
    type: z.literal('error'),
    code: codeOf(ERROR_CODES),
    /** Holds also where the client does not know the code and reads `internal`. */
    retryable: z.boolean(),
    id: z.optional(OperationId),
    request: z.optional(Request),
    retryAfterMs: z.optional(Count),
    /** For developers: which field, which limit. Never a stack, never a path of the server. */
    detail: z.optional(cleanText(DETAIL_MAX_UNITS)),
  }),

  z.object({ type: z.literal('readPosition'), conversation: ConversationId, user: UserId, seq: Seq }),
  z.object({ type: z.literal('typing'), conversation: ConversationId, user: UserId }),
  z.object({
    type: z.literal('presence'),
    /**
     * True: this replaces everything known of the watched users, who are offline unless named. What does not fit into the
     * frame follows at once in frames with `false`.
     */
    snapshot: z.boolean(),
    presences: z.array(Presence),
    users: z.array(User),
    /** Users online or away in the whole cluster, whether named here or not. */
    onlineCount: Count,
    /** This node hears no other: what it knows of their users may be old. */
    stale: z.boolean(),
  }),
  /** A user took another name. */
  z.object({ type: z.literal('users'), users: z.array(User) }),

  z.object({
    type: z.literal('history'),
    request: Request,
    conversation: ConversationId,
    entries: z.array(Entry),
    users: z.array(User),
  }),
  z.object({
    type: z.literal('people'),
    request: Request,
    users: z.array(User),
    presences: z.array(Presence),
    next: Next,
  }),
  z.object({ type: z.literal('rooms'), request: Request, rooms: z.array(RoomListing), next: Next }),
  z.object({ type: z.literal('members'), request: Request, conversation: RoomId, users: z.array(User), next: Next }),
  /** Null until a first link was made. */
  z.object({ type: z.literal('invite'), request: Request, conversation: RoomId, invite: z.nullable(InviteToken) }),

  z.object({ type: z.literal('pong'), n: z.int() }),
  /** The node is about to leave: the client connects again after `delayMs`, its own slot in the drain. */
  z.object({ type: z.literal('goaway'), delayMs: Count }),
]);
export type RelayFrame = z.infer<typeof RelayFrame>;
export type RelayFrameType = RelayFrame['type'];
export type RelayFrameOf<Type extends RelayFrameType> = Extract<RelayFrame, { type: Type }>;
