import * as z from 'zod/mini';
import { ConversationId, DeviceId, Epoch, InviteToken, OperationId, RoomId, Seq, UserId } from './ids.ts';
import { Visibility } from './entry.ts';
import {
  CURSOR_MAX_UNITS,
  HELLO_MAX_HEADS,
  LIST_MAX_ROWS,
  PAGE_MAX_ENTRIES,
  SEARCH_MAX_UNITS,
  SEND_MAX_MESSAGES,
  WATCH_MAX_USERS,
} from './limits.ts';
import { cleanText, MessageText, Name } from './text.ts';

/** Correlates a question with its answer on one socket; the client counts up. */
const Request = z.int().check(z.nonnegative());
/** Opaque place in a list, taken from the `next` of the page before. */
const Cursor = cleanText(CURSOR_MAX_UNITS);
const SearchText = cleanText(SEARCH_MAX_UNITS);
const Limit = (most: number) => z.int().check(z.gte(1), z.lte(most));

const Head = z.tuple([ConversationId, Seq]);
const SendMessage = z.strictObject({ id: OperationId, text: MessageText });

// A list that names the same thing twice is refused: there would be no telling which of the two counts.
const isEachOnce = (keys: string[]): boolean => new Set(keys).size === keys.length;

/** What a `hello` of any version, past or future, holds. */
export const HelloVersions = z.object({ type: z.literal('hello'), version: z.int(), oldest: z.int() });

/**
 * The first frame. Unlike every other it ignores fields that it does not know, so that a newer client reaches the version
 * negotiation.
 */
export const Hello = z.object({
  type: z.literal('hello'),
  /** Newest and oldest protocol version that the client speaks. */
  version: z.int(),
  oldest: z.int(),
  device: DeviceId,
  /** The epoch that `heads` belong to; absent on a cold start. */
  epoch: z.optional(Epoch),
  /** `[conversation, seq]`: the client holds every visible entry up to `seq` or knows the hole. */
  heads: z.optional(
    z.array(Head).check(
      z.maxLength(HELLO_MAX_HEADS),
      z.refine((heads: z.infer<typeof Head>[]) => isEachOnce(heads.map(([id]) => id))),
    ),
  ),
  /** The page is hidden or nobody touched it for a while. */
  idle: z.optional(z.boolean()),
});

/** client → relay. */
export const ClientFrame = z.discriminatedUnion('type', [
  Hello,
  /** Answered by one `pong` with the same number. */
  z.strictObject({ type: z.literal('ping'), n: z.int() }),

  // Written to the log; each id is answered by one `ack` or one `error`.
  z.strictObject({
    type: z.literal('send'),
    conversation: ConversationId,
    /** Written in this order, each with its own answer. */
    messages: z.array(SendMessage).check(
      z.minLength(1),
      z.maxLength(SEND_MAX_MESSAGES),
      z.refine((messages: z.infer<typeof SendMessage>[]) => isEachOnce(messages.map(({ id }) => id))),
    ),
  }),
  z.strictObject({
    type: z.literal('createRoom'),
    id: OperationId,
    conversation: RoomId,
    name: Name,
    visibility: Visibility,
  }),
  z.strictObject({ type: z.literal('renameRoom'), id: OperationId, conversation: RoomId, name: Name }),
  /** `invite` is needed for a private room. */
  z.strictObject({
    type: z.literal('joinRoom'),
    id: OperationId,
    conversation: RoomId,
    invite: z.optional(InviteToken),
  }),
  z.strictObject({ type: z.literal('leaveRoom'), id: OperationId, conversation: RoomId }),
  /** Makes a new invite link; the one before ends. */
  z.strictObject({ type: z.literal('replaceInvite'), id: OperationId, conversation: RoomId }),

  // Only the newest value matters: no answer, repeated by the client after a reconnect.
  z.strictObject({ type: z.literal('read'), conversation: ConversationId, seq: Seq }),
  z.strictObject({ type: z.literal('typing'), conversation: ConversationId }),
  z.strictObject({ type: z.literal('idle'), idle: z.boolean() }),
  /** Replaces what this socket watches; answered by a `presence` snapshot. */
  z.strictObject({
    type: z.literal('watch'),
    lobby: z.boolean(),
    users: z.array(UserId).check(z.maxLength(WATCH_MAX_USERS)),
  }),

  // Questions; answered by the frame of the same name with the same `request`, or by one `error`.
  /** Entries with `after < seq < before`, the newest first to be taken: at most `limit`, ascending in the answer. */
  z.strictObject({
    type: z.literal('history'),
    request: Request,
    conversation: ConversationId,
    before: Seq,
    after: z.optional(Seq),
    limit: Limit(PAGE_MAX_ENTRIES),
  }),
  z.strictObject({
    type: z.literal('people'),
    request: Request,
    search: z.optional(SearchText),
    cursor: z.optional(Cursor),
    limit: Limit(LIST_MAX_ROWS),
  }),
  z.strictObject({
    type: z.literal('rooms'),
    request: Request,
    search: z.optional(SearchText),
    cursor: z.optional(Cursor),
    limit: Limit(LIST_MAX_ROWS),
  }),
  z.strictObject({
    type: z.literal('members'),
    request: Request,
    conversation: RoomId,
    cursor: z.optional(Cursor),
    limit: Limit(LIST_MAX_ROWS),
  }),
  z.strictObject({ type: z.literal('invite'), request: Request, conversation: RoomId }),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
export type ClientFrameType = ClientFrame['type'];
export type ClientFrameOf<Type extends ClientFrameType> = Extract<ClientFrame, { type: Type }>;
