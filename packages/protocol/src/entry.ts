import * as z from 'zod/mini';
import { OperationId, Seq, UserId } from './ids.ts';
import { KnownName, MessageText } from './text.ts';

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

const KnownEntry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('message'), ...common, text: MessageText }),
  z.object({ kind: z.literal('roomCreated'), ...common, name: KnownName, visibility: Visibility }),
  z.object({ kind: z.literal('roomRenamed'), ...common, name: KnownName }),
  z.object({ kind: z.literal('memberJoined'), ...common }),
  z.object({ kind: z.literal('memberLeft'), ...common }),
  z.object({ kind: z.literal('inviteReplaced'), ...common }),
  /** Stands for a kind that a newer relay sent and this build cannot show. Never sent, only read. */
  z.object({ kind: z.literal('unknown'), ...common }),
]);

const KINDS: ReadonlySet<unknown> = new Set(
  KnownEntry.def.options.flatMap((option) => option.def.shape.kind.def.values),
);

// Were an unknown kind refused, the whole frame would be lost and an old client could never close the gap.
function nameUnknownKind(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null || !('kind' in entry)) return entry;
  return typeof entry.kind === 'string' && !KINDS.has(entry.kind) ? { ...entry, kind: 'unknown' } : entry;
}

/**
 * One place in a conversation's sequence. Everything that changes what is read is one: nothing is filtered out, so that
 * 1, 2, 3 … without a hole proves that nothing is missing.
 */
export const Entry = z.pipe(z.transform(nameUnknownKind), KnownEntry);
export type Entry = z.infer<typeof Entry>;
export type EntryKind = Entry['kind'];
