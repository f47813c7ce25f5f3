/**
 * The log folded again, by rules written a second time: what every view should hold. Deliberately not the relay's own reducer,
 * so that a fault in that one does not hide itself.
 */
import { directMembers } from '@parley/protocol';
import type { AuditEventOf } from './events.ts';

export interface Place {
  readonly id: string;
  readonly author: string;
  readonly kind?: string | undefined;
  readonly text?: string | undefined;
}

/** A stretch of a conversation that a user may see, both ends included. */
export interface Span {
  from: number;
  to: number;
}

export interface FoldedConversation {
  /** By seq, the first at 0. */
  readonly places: Place[];
  /** Of rooms: where each user was a member, `Infinity` while they still are. */
  readonly stays: Map<string, Span[]>;
  visibility: 'public' | 'private' | undefined;
  invite: string | undefined;
  readonly members: Set<string>;
}

type Record = AuditEventOf<'record'>;

/** Kinds that are no place in a conversation. */
const NO_PLACE: ReadonlySet<string> = new Set(['genesis', 'userNamed']);

/** @param records Of one epoch, each partition in its own order. */
export function foldLog(records: readonly Record[]): Map<string, FoldedConversation> {
  const conversations = new Map<string, FoldedConversation>();
  // What was answered, by key: a repeat gets the first answer, whatever changed since.
  const answered = new Map<string, Set<string>>();
  for (const record of records) {
    if (record.broken === true || NO_PLACE.has(record.kind)) continue;
    let answers = answered.get(record.key);
    if (answers === undefined) answered.set(record.key, (answers = new Set()));
    const name = `${record.author} ${record.id}`;
    if (answers.has(name)) continue;
    answers.add(name);
    fold(conversations, record);
  }
  return conversations;
}

function fold(conversations: Map<string, FoldedConversation>, record: Record): void {
  let conversation = conversations.get(record.key);
  if (!isAllowed(conversation, record)) return;
  if (conversation === undefined) {
    conversation = {
      places: [],
      stays: new Map(),
      visibility: record.visibility,
      invite: undefined,
      members: new Set(),
    };
    conversations.set(record.key, conversation);
  }
  const { id, author, kind, text } = record;
  conversation.places.push({ id, author, kind, text });
  const seq = conversation.places.length;
  if (kind === 'roomCreated' || kind === 'memberJoined') enter(conversation, author, seq);
  else if (kind === 'memberLeft') leave(conversation, author, seq);
  else if (kind === 'inviteReplaced') conversation.invite = record.invite;
}

function isAllowed(conversation: FoldedConversation | undefined, record: Record): boolean {
  const { author, kind, key } = record;
  const two = directMembers(key);
  if (two !== undefined) return kind === 'message' && two.includes(author);
  if (kind === 'roomCreated') return conversation === undefined;
  if (conversation === undefined) return false;
  if (kind !== 'memberJoined') return conversation.members.has(author);
  if (conversation.members.has(author)) return false;
  return (
    conversation.visibility !== 'private' ||
    (conversation.invite !== undefined && conversation.invite === record.invite)
  );
}

function enter(conversation: FoldedConversation, user: string, seq: number): void {
  conversation.members.add(user);
  const stays = conversation.stays.get(user);
  const stay = { from: seq, to: Number.POSITIVE_INFINITY };
  if (stays === undefined) conversation.stays.set(user, [stay]);
  else stays.push(stay);
}

function leave(conversation: FoldedConversation, user: string, seq: number): void {
  conversation.members.delete(user);
  const stay = conversation.stays.get(user)?.at(-1);
  if (stay !== undefined) stay.to = seq;
}
