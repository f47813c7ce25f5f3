import * as z from 'zod/mini';
import { DirectId, RoomId, Seq, UserId } from './ids.ts';
import { Entry, Visibility } from './entry.ts';
import { KnownName } from './text.ts';

const ReadPosition = z.object({ user: UserId, seq: Seq });

const common = {
  /** Newest entry that the user may see; 0 when the conversation is empty. */
  head: Seq,
  /** Entries up to here are hidden from the user (0: none): they were written before the user joined a private room. */
  hiddenUpTo: Seq,
  /** The newest entry that the user may see, for the list of conversations. */
  last: z.optional(Entry),
  /** How far the user has read, on any device. */
  readUpTo: Seq,
  /** How far others have read: in a direct conversation and in rooms of at most ROOM_SMALL_MAX_MEMBERS. */
  reads: z.array(ReadPosition),
};

/** A conversation as one user sees it. */
export const Conversation = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('direct'), id: DirectId, peer: UserId, ...common }),
  z.object({
    kind: z.literal('room'),
    id: RoomId,
    name: KnownName,
    visibility: Visibility,
    memberCount: z.int().check(z.nonnegative()),
    /** False once the user has left: what was seen stays readable up to `head`, nothing new comes. */
    joined: z.boolean(),
    ...common,
  }),
]);
export type Conversation = z.infer<typeof Conversation>;

/** A public room in the list of rooms. */
export const RoomListing = z.object({
  id: RoomId,
  name: KnownName,
  memberCount: z.int().check(z.nonnegative()),
  joined: z.boolean(),
});
export type RoomListing = z.infer<typeof RoomListing>;
