/**
 * What nodes tell each other about presence: the body of a signal of kind `presence` whose key is the sending node.
 * Built by presence.ts, read by presence-state.ts of every node, the sender's own included. Never stored.
 */
import * as z from 'zod';
import { UserIdSchema } from '@parley/protocol';

/** Version of this format. A node ignores what another version says: nothing is stored, so nothing can be missed for good. */
const FORMAT = 1;
/** Most users in one message: about 70 KiB, under the log's 100 KiB for a signal. */
export const USERS_PER_MESSAGE = 2_000;
/** Most users in one `hearsay`, which says more of each. */
export const HEARSAY_PER_MESSAGE = 1_000;
const BODY_MAX_BYTES = 100 * 1024;

const Count = z.int().nonnegative();
const NodeName = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const Users = z.array(UserIdSchema).max(USERS_PER_MESSAGE);

const header = {
  format: z.literal(FORMAT),
  /** Identity of one boot of the node, or of its life since it woke from a pause; only grows. */
  incarnation: Count,
  /** Counts the messages of an incarnation: only a newer one renews the lease. */
  counter: Count,
  /** Counts the deltas of an incarnation: which state this message belongs to. A hole asks for a snapshot. */
  version: Count,
};

/** The newest version of records that the node knows (record.ts); 1 where it says nothing. */
const records = z.optional(Count);

const PresenceMessage = z.discriminatedUnion('kind', [
  /** `sessions`: sockets of a node that takes new ones, so that others can tell whether they hold more than their share. */
  z.object({ kind: z.literal('heartbeat'), ...header, sessions: z.optional(Count), records }),
  /** The node's whole state at `version`, in `parts` messages; counts once all are there. */
  z.object({
    kind: z.literal('snapshot'),
    ...header,
    part: Count.max(999),
    parts: z.int().min(1).max(1_000),
    records,
    online: Users,
    away: Users,
  }),
  /** Leads from `version - 1` to `version`. */
  z.object({ kind: z.literal('delta'), ...header, online: Users, away: Users, gone: Users }),
  /** The node leaves. Each user stays shown for so many milliseconds more: what is left of the grace. */
  z.object({
    kind: z.literal('bye'),
    ...header,
    linger: z.array(z.tuple([UserIdSchema, Count])).max(USERS_PER_MESSAGE),
  }),
  /**
   * What is held of a node that cannot tell it itself: it left, died, or was replaced by a newer life. Each user is shown for so
   * many milliseconds more. Told with the answer to who asks all.
   */
  z.object({
    kind: z.literal('hearsay'),
    ...header,
    of: NodeName,
    ofIncarnation: Count,
    linger: z.array(z.tuple([UserIdSchema, Count, z.enum(['online', 'away'])])).max(HEARSAY_PER_MESSAGE),
  }),
  /**
   * Asks one node, or all of them, for a snapshot. `expired`: the asker has given up that incarnation of `to` and will
   * hear it again only under a greater one.
   */
  z.object({
    kind: z.literal('request'),
    ...header,
    to: z.optional(NodeName),
    expired: z.optional(Count),
  }),
]);
export type PresenceMessage = z.infer<typeof PresenceMessage>;
export type PresenceMessageOf<Kind extends PresenceMessage['kind']> = Extract<PresenceMessage, { kind: Kind }>;

/** What the sender adds to each message. */
export type PresenceHeader = Pick<PresenceMessage, 'incarnation' | 'counter' | 'version'>;
type WithoutHeader<Message> = Message extends unknown ? Omit<Message, keyof typeof header> : never;
/** A message before it got its header. */
export type PresenceDraft = WithoutHeader<PresenceMessage>;

export function withHeader(draft: PresenceDraft, of: PresenceHeader): PresenceMessage {
  return { ...draft, format: FORMAT, ...of };
}

export function encodePresenceMessage(message: PresenceMessage): Uint8Array {
  return Buffer.from(JSON.stringify(message));
}

/** Undefined for what is malformed, too large or of another format. Never throws. */
export function decodePresenceMessage(from: string, body: Uint8Array): PresenceMessage | undefined {
  if (body.length > BODY_MAX_BYTES || !NodeName.safeParse(from).success) return undefined;
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    const parsed = PresenceMessage.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
