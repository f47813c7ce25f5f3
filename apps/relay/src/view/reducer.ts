/**
 * apply(view, record) → outcome: numbers an entry, drops repeats, checks membership and room rules. No clock, no
 * randomness, no environment, and nothing read but what the record's own key names: every node decides alike, however it
 * interleaves partitions. Called by applier.ts; what comes out goes to fan-out.ts once it was applied.
 */
import { type ErrorCode, ConversationIdSchema, directMembers, UserIdSchema } from '@parley/protocol';
import {
  type BadRecord,
  decodeBody,
  decodeHead,
  isMessageBody,
  type LoggedRecord,
  type RecordHead,
} from '../log/record.ts';
import type { ConversationAggregate, ViewStore } from './store.ts';

export type Outcome =
  /** A new entry of a conversation. `body` is still encoded: only a node that has somebody to show it to decodes it. */
  | { type: 'entry'; conversation: ConversationAggregate; seq: number; head: RecordHead; body: Uint8Array }
  /** The same operation again: it has the first one's result. */
  | { type: 'repeat'; key: string; head: RecordHead; seq: number; at: number }
  | { type: 'refused'; key: string; head: RecordHead; code: ErrorCode }
  | { type: 'userNamed'; head: RecordHead; name: string; isNew: boolean; changed: boolean }
  | { type: 'read'; conversation: string; user: string; seq: number }
  /** Changes nothing. */
  | { type: 'nothing' }
  | BadOutcome;

export interface BadOutcome extends BadRecord {
  type: 'bad';
}

function isBad(decoded: object): decoded is BadRecord {
  return 'bad' in decoded;
}

const NOTHING: Outcome = { type: 'nothing' };

/** Applies one record of the log. */
export function applyRecord(store: ViewStore, record: LoggedRecord): Outcome {
  const head = decodeHead(record.head);
  if (isBad(head)) return { type: 'bad', ...head };
  switch (head.kind) {
    case 'genesis':
      return NOTHING;
    case 'userNamed':
      return applyUserNamed(store, record, head);
    case 'message':
      return applyMessage(store, record, head);
    case 'messageRefused':
      return applyRefusal(store, record, head);
    default:
      return applyToRoom(store, record, head, head.kind);
  }
}

/** Applies one record of the state topic: `user|read|conversation` → seq, merged by maximum. */
export function applyState(store: ViewStore, record: LoggedRecord): Outcome {
  const [user = '', kind = '', conversation = '', ...rest] = record.key.split('|');
  const text = Buffer.from(record.body).toString('latin1');
  if (kind !== 'read' || rest.length > 0 || !/^\d{1,15}$/.test(text)) return malformed('state: not a read position');
  if (!UserIdSchema.safeParse(user).success || !ConversationIdSchema.safeParse(conversation).success)
    return malformed('state: key');
  const seq = Number(text);
  return store.advanceRead(conversation, user, seq) ? { type: 'read', conversation, user, seq } : NOTHING;
}

function applyUserNamed(store: ViewStore, record: LoggedRecord, head: RecordHead): Outcome {
  const body = decodeBody('userNamed', record.body);
  if (isBad(body)) return { type: 'bad', ...body };
  if (record.key !== head.author) return malformed('a user names another');
  const before = store.userName(head.author);
  store.nameUser(head.author, body.name);
  return { type: 'userNamed', head, name: body.name, isNew: before === undefined, changed: before !== body.name };
}

function applyMessage(store: ViewStore, record: LoggedRecord, head: RecordHead): Outcome {
  if (!isMessageBody(record.body)) return malformed('body of message');
  let conversation = store.conversation(record.key);
  if (conversation === undefined) {
    if (!ConversationIdSchema.safeParse(record.key).success) return malformed('key: no conversation');
    const members = directMembers(record.key);
    // A first message makes a conversation of two; a room must have been created.
    if (members?.includes(head.author) !== true) {
      return refuse(store, record.key, head, members === undefined ? 'not_found' : 'not_a_member');
    }
    conversation = store.createDirect(record.key, members);
  } else if (!isMember(conversation, head.author)) {
    return (
      firstResult(store, conversation, record, head) ??
      refuse(store, record.key, head, outsiderCode(store, conversation, head.author))
    );
  }
  return (
    keptAnswer(store, record.key, head) ??
    append(store, conversation, record, head) ??
    firstResult(store, conversation, record, head) ??
    NOTHING
  );
}

/** A node's refusal: the answer, unless the operation has another one already. */
function applyRefusal(store: ViewStore, record: LoggedRecord, head: RecordHead): Outcome {
  const body = decodeBody('messageRefused', record.body);
  if (isBad(body)) return { type: 'bad', ...body };
  if (directMembers(record.key)?.includes(head.author) !== true) return malformed('key: no conversation of the author');
  const conversation = store.conversation(record.key);
  const first = conversation && store.findEntry(conversation, head);
  if (first !== undefined) return { type: 'repeat', key: record.key, head, seq: first.seq, at: first.at };
  return refuse(store, record.key, head, body.code);
}

type RoomKind = 'roomCreated' | 'roomRenamed' | 'memberJoined' | 'memberLeft' | 'inviteReplaced';

function applyToRoom(store: ViewStore, record: LoggedRecord, head: RecordHead, kind: RoomKind): Outcome {
  const body = decodeBody(kind, record.body);
  if (isBad(body)) return { type: 'bad', ...body };
  if (!record.key.startsWith('r_') || !ConversationIdSchema.safeParse(record.key).success)
    return malformed('key: no room');
  const existing = store.conversation(record.key);
  const first = firstResult(store, existing, record, head);
  if (first !== undefined) return first;
  const joinedAt = kind === 'memberJoined' ? existing?.room?.members.get(head.author) : undefined;
  // To join where one is a member already is no event: everybody reads the first joining.
  if (joinedAt !== undefined) return answerWith(store, record.key, head, joinedAt);
  const refused = refusalOf(store, existing, { head, kind, invite: 'invite' in body ? body.invite : undefined });
  if (refused !== undefined) return refuse(store, record.key, head, refused);
  const room = existing ?? createRoom(store, record, body);
  const outcome = append(store, room, record, head);
  if (outcome === undefined) return NOTHING;
  if (kind === 'roomCreated' || kind === 'memberJoined') store.join(room, head.author, outcome.seq);
  if (kind === 'memberLeft') store.leave(room, head.author, outcome.seq);
  if (kind === 'roomRenamed' && 'name' in body) store.setName(room, body.name);
  if (kind === 'inviteReplaced' && 'invite' in body && body.invite !== undefined) store.setInvite(room, body.invite);
  return outcome;
}

function createRoom(store: ViewStore, record: LoggedRecord, body: object): ConversationAggregate {
  const created = body as { name: string; visibility: 'public' | 'private' };
  return store.createRoom(record.key, {
    name: created.name,
    visibility: created.visibility,
    invite: null,
    members: new Map(),
  });
}

/** The room's rules. Undefined: allowed. */
function refusalOf(
  store: ViewStore,
  existing: ConversationAggregate | undefined,
  { head, kind, invite }: { head: RecordHead; kind: RoomKind; invite: string | undefined },
): ErrorCode | undefined {
  if (kind === 'roomCreated') return existing === undefined ? undefined : 'already_exists';
  const room = existing?.room;
  // A private room looks like none: without an invite, and with one that is not its own.
  const unknown = kind === 'memberJoined' && invite !== undefined ? 'invite_invalid' : 'not_found';
  if (existing === undefined || room === undefined) return unknown;
  if (kind !== 'memberJoined')
    return room.members.has(head.author) ? undefined : outsiderCode(store, existing, head.author);
  if (room.visibility === 'public') return undefined;
  return invite !== undefined && room.invite === invite ? undefined : unknown;
}

/** Answers are equal for what does not exist and for what this user was never allowed to see. */
function outsiderCode(store: ViewStore, conversation: ConversationAggregate, user: string): ErrorCode {
  return store.wasMember(conversation, user) ? 'not_a_member' : 'not_found';
}

function isMember(conversation: ConversationAggregate, user: string): boolean {
  if (conversation.room !== undefined) return conversation.room.members.has(user);
  return directMembers(conversation.id)?.includes(user) === true;
}

/** Undefined when the operation is in the conversation already. */
function append(
  store: ViewStore,
  conversation: ConversationAggregate,
  record: LoggedRecord,
  head: RecordHead,
): Extract<Outcome, { type: 'entry' }> | undefined {
  const seq = store.insertEntry(conversation, head, record.body);
  return seq === undefined ? undefined : { type: 'entry', conversation, seq, head, body: record.body };
}

/** What the same operation was answered before. */
function firstResult(
  store: ViewStore,
  conversation: ConversationAggregate | undefined,
  record: LoggedRecord,
  head: RecordHead,
): Outcome | undefined {
  const first = conversation && store.findEntry(conversation, head);
  if (first === undefined) return keptAnswer(store, record.key, head);
  // A new invite is made by the node, not by the client: its repeat carries another one.
  const same =
    first.kind === head.kind && (head.kind === 'inviteReplaced' || Buffer.compare(first.body, record.body) === 0);
  if (!same) return { type: 'refused', key: record.key, head, code: 'idempotency_conflict' };
  return { type: 'repeat', key: record.key, head, seq: first.seq, at: first.at };
}

function keptAnswer(store: ViewStore, key: string, head: RecordHead): Outcome | undefined {
  const kept = store.answer(key, head);
  if (kept === undefined) return undefined;
  return 'code' in kept
    ? { type: 'refused', key, head, code: kept.code }
    : { type: 'repeat', key, head, seq: kept.seq, at: kept.at };
}

// An answer is kept, so that a retry does not slip through because the world changed in between; one that is kept stands.
function refuse(store: ViewStore, key: string, head: RecordHead, code: ErrorCode): Outcome {
  const kept = keptAnswer(store, key, head);
  if (kept !== undefined) return kept;
  store.keepAnswer(key, head, { code, at: head.at });
  return { type: 'refused', key, head, code };
}

function answerWith(store: ViewStore, key: string, head: RecordHead, seq: number): Outcome {
  store.keepAnswer(key, head, { seq, at: head.at });
  return { type: 'repeat', key, head, seq, at: head.at };
}

function malformed(reason: string): Outcome {
  return { type: 'bad', bad: 'malformed', reason };
}
