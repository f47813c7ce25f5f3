/**
 * The schema of what is written to the log: the relay's own, never a frame.
 *
 * A record is a key (the aggregate that decides: conversation or user), a head (one line of text that tells everything a
 * node needs to order, number and route it) and a body. The head is read without JSON, and the body of a message is its
 * text in UTF-8, so a node stores and numbers a record that concerns none of its sessions without decoding it.
 */
import { isUtf8 } from 'node:buffer';
import * as z from 'zod';
import { checkText, InviteTokenSchema, TEXT_MAX_BYTES, TEXT_MAX_CODE_POINTS, VisibilitySchema } from '@parley/protocol';

/** Newest version of heads and bodies that this build knows. A newer one stops it (skipping would make its view differ). */
export const RECORD_VERSION = 2;

/**
 * The version in which a kind came, which its records carry: a new kind needs a new RECORD_VERSION, because an unknown kind
 * at a known version is malformed, and skipped. It is written only once every node knows it (presence's `recordVersion`).
 */
export const VERSION_OF_KIND = {
  genesis: 1,
  userNamed: 1,
  message: 1,
  messageRefused: 2,
  roomCreated: 1,
  roomRenamed: 1,
  memberJoined: 1,
  memberLeft: 1,
  inviteReplaced: 1,
} as const;
export type RecordKind = keyof typeof VERSION_OF_KIND;

export interface RecordHead {
  version: number;
  kind: RecordKind;
  /** Operation id given by the author's client; makes a repeat harmless. */
  id: string;
  /** Who did it: a user id. */
  author: string;
  /** When the appending node wrote it: wall clock, milliseconds since 1970. */
  at: number;
}

/** The head of a new record. */
export function makeHead(kind: RecordKind, of: Pick<RecordHead, 'id' | 'author' | 'at'>): RecordHead {
  return { version: VERSION_OF_KIND[kind], kind, ...of, at: Math.floor(of.at) };
}

/** A record on its way into the log. */
export interface RecordDraft {
  key: string;
  head: RecordHead;
  body: Uint8Array;
}

/** A record as the log hands it out; nothing in it is checked yet. */
export interface LoggedRecord {
  /** Position in its partition: 0, 1, 2 …, possibly with gaps. */
  offset: number;
  key: string;
  /** The head's line (see encodeHead); empty in the state topic. */
  head: string;
  body: Uint8Array;
}

/** Why a record cannot be applied. `newer` stops the node, the others are skipped and written to the dead letters. */
export type BadRecord = { bad: 'newer' | 'malformed'; reason: string };

/** Bytes that a draft takes in the log, apart from what the log itself adds. */
export function byteLengthOf(draft: RecordDraft): number {
  return draft.key.length + encodeHead(draft.head).length + draft.body.length;
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const USER = /^u_[A-Za-z0-9_-]{22}$/;
const NUMBER = /^\d{1,15}$/;

/** One line: version, kind, id, author, at; separated by single spaces. */
export function encodeHead(head: RecordHead): string {
  return `${head.version} ${head.kind} ${head.id} ${head.author} ${head.at}`;
}

export function decodeHead(line: string): RecordHead | BadRecord {
  const [version = '', kind = '', id = '', author = '', at = '', ...rest] = line.split(' ');
  if (!NUMBER.test(version)) return { bad: 'malformed', reason: 'head: version' };
  if (Number(version) > RECORD_VERSION)
    return { bad: 'newer', reason: `record version ${version}, this build knows ${RECORD_VERSION}` };
  if (!isKind(kind)) return { bad: 'malformed', reason: 'head: unknown kind' };
  if (!ID.test(id)) return { bad: 'malformed', reason: 'head: id' };
  if (!USER.test(author)) return { bad: 'malformed', reason: 'head: author' };
  if (!NUMBER.test(at) || rest.length > 0) return { bad: 'malformed', reason: 'head: at' };
  return { version: Number(version), kind, id, author, at: Number(at) };
}

function isKind(kind: string): kind is RecordKind {
  return Object.hasOwn(VERSION_OF_KIND, kind);
}

/** Names were normalised when they were written; judging them again by this build's Unicode tables could differ by node. */
const RecordedName = z
  .string()
  .min(1)
  .max(128)
  .refine((name) => name.isWellFormed() && !name.includes('\0'));

/** Bodies other than a message's are JSON. */
export const BODIES = {
  /** `partitions`: how many both topics began with; a key's place, and so its order, depends on them. */
  genesis: z.object({
    epoch: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    partitions: z.optional(z.object({ log: z.int().positive(), state: z.int().positive() })),
  }),
  userNamed: z.object({ name: RecordedName }),
  /** What no record of the conversation could tell the reducer: the node that was asked knew nobody of this id. */
  messageRefused: z.object({ code: z.literal('not_found') }),
  roomCreated: z.object({ name: RecordedName, visibility: VisibilitySchema }),
  roomRenamed: z.object({ name: RecordedName }),
  /** The invite is checked by the reducer where the room is private. */
  memberJoined: z.object({ invite: z.optional(InviteTokenSchema) }),
  memberLeft: z.object({}),
  inviteReplaced: z.object({ invite: InviteTokenSchema }),
} as const satisfies Record<Exclude<RecordKind, 'message'>, z.ZodType>;

export type BodyOf<Kind extends keyof typeof BODIES> = z.infer<(typeof BODIES)[Kind]>;

export function encodeBody<Kind extends keyof typeof BODIES>(body: BodyOf<Kind>): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}

export function decodeBody<Kind extends keyof typeof BODIES>(kind: Kind, body: Uint8Array): BodyOf<Kind> | BadRecord {
  try {
    const parsed = BODIES[kind].safeParse(
      JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()),
    );
    return parsed.success ? (parsed.data as BodyOf<Kind>) : { bad: 'malformed', reason: `body of ${kind}` };
  } catch {
    return { bad: 'malformed', reason: `body of ${kind}: not JSON` };
  }
}

/**
 * Whether a message's body can be its text; every node must judge alike. Nearly all bodies are judged on their bytes:
 * at most as many as code points are allowed, and beginning with a visible ASCII character or a multi-byte one that is
 * looked at more closely.
 */
export function isMessageBody(body: Uint8Array): boolean {
  if (body.length === 0 || body.length > TEXT_MAX_BYTES || body.includes(0) || !isUtf8(body)) return false;
  const first = body[0] ?? 0;
  if (body.length <= TEXT_MAX_CODE_POINTS && first > 0x20 && first < 0x7f) return true;
  return checkText(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()) === undefined;
}
