import * as z from 'zod/mini';
import { OperationId, Seq, UserId } from './ids.ts';
import { MessageText, Name } from './text.ts';

/** Whether a room is listed for everybody to join, or opens only to an invite link. */
export const Visibility = z.enum(['public', 'private']);
export type Visibility = z.infer<typeof Visibility>;

const common = {
  seq: Seq.check(z.positive()),
  /** The id that its author gave it. */
  id: OperationId,
  /** Who did it. */
  author: UserId,
  /** When the relay wrote it: wall clock, milliseconds since 1970. For people; order is `seq`. */
  at: z.int(),
};

/**
 * One place in a conversation's sequence. Everything that changes what is read is one: nothing is filtered out, so that
 * 1, 2, 3 … without a hole proves that nothing is missing.
 */
export const Entry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), ...common, text: MessageText }),
  z.object({ kind: z.literal('roomCreated'), ...common, name: Name, visibility: Visibility }),
  z.object({ kind: z.literal('roomRenamed'), ...common, name: Name }),
  z.object({ kind: z.literal('memberJoined'), ...common }),
  z.object({ kind: z.literal('memberLeft'), ...common }),
  z.object({ kind: z.literal('inviteReplaced'), ...common }),
]);
export type Entry = z.infer<typeof Entry>;
export type EntryKind = Entry['kind'];
