/** fast-check arbitraries of everything that the wire holds. */
import * as fc from 'fast-check';
import {
  checkText,
  type ClientFrame,
  type Conversation,
  directConversationId,
  type Entry,
  ERROR_CODES,
  HELLO_MAX_HEADS,
  isCleanText,
  makeOperationId,
  makeToken,
  normalizeName,
  type RelayFrame,
} from '../src/index.ts';

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count });

/** Every code point that can be written, and often enough the ones that cause trouble. */
export const anyText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ' ',
      '\n',
      '\u0301',
      '\u200d',
      '\ufe0f',
      '\ufe0e',
      '\u00a0',
      '\ufeff',
      '™',
      'ﷺ',
      '👩🏽‍🚀',
      '1️⃣',
      'é',
      '中',
    ),
    fc.constantFrom('"', '\\', '{', '[', '\0', '\ud83d', '\ude00', '__proto__'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  maxLength: 60,
});

const random = (noise: Uint8Array) => ({ float: () => 0, bytes: () => noise });
const token = bytes(16).map((noise) => makeToken(random(noise)));
export const userId = token.map((id) => `u_${id}`);
const roomId = token.map((id) => `r_${id}`);
const directId = fc.tuple(userId, userId).map(([one, other]) => directConversationId(one, other));
const conversationId = fc.oneof(roomId, directId);
export const operationId = fc.tuple(bytes(10), fc.nat({ max: 4e12 })).map(([noise, wallMs]) => {
  const clock = { wallMs: () => wallMs, monotonicMs: () => 0, setTimer: () => () => {} };
  return makeOperationId(clock, random(noise));
});

const seq = fc.maxSafeNat();
const at = fc.maxSafeInteger();
const request = fc.maxSafeNat();
const limit = fc.integer({ min: 1, max: 100 });
const text = anyText.filter((typed) => checkText(typed) === undefined);
const name = anyText.map((typed) => normalizeName(typed) ?? '小明');
const cursor = anyText.map((typed) => typed.slice(0, 60)).filter(isCleanText);
const visibility = fc.constantFrom('public' as const, 'private' as const);
const epoch = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const user = fc.record({ id: userId, name });
const users = fc.array(user, { maxLength: 4 });
const presence = fc.record(
  { user: userId, state: fc.constantFrom('online' as const, 'away' as const, 'offline' as const), lastSeenAt: at },
  { requiredKeys: ['user', 'state'] },
);

const common = { seq: fc.integer({ min: 1 }), id: operationId, author: userId, at };
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ kind: fc.constant('message' as const), ...common, text }),
  fc.record({ kind: fc.constant('roomCreated' as const), ...common, name, visibility }),
  fc.record({ kind: fc.constant('roomRenamed' as const), ...common, name }),
  fc.record({ kind: fc.constantFrom('memberJoined', 'memberLeft', 'inviteReplaced'), ...common }),
);
const entries = fc.array(entry, { maxLength: 5 });

const listing = { id: roomId, name, memberCount: fc.nat(), joined: fc.boolean() };
const summary = {
  head: seq,
  hiddenUpTo: seq,
  readUpTo: seq,
  reads: fc.array(fc.record({ user: userId, seq }), { maxLength: 3 }),
};
const summaries = fc.oneof(
  fc.record({ kind: fc.constant('direct' as const), id: directId, peer: userId, ...summary }),
  fc.record({ kind: fc.constant('room' as const), visibility, ...listing, ...summary }),
);
const conversation: fc.Arbitrary<Conversation> = fc
  .tuple(summaries, fc.option(entry))
  .map(([one, last]) => (last === null ? one : Object.assign(one, { last })));

/** Some of the optional fields present, all others always. */
function frame<Type extends string, Fields extends object, Optional extends object>(
  type: Type,
  fields: { [Key in keyof Fields]: fc.Arbitrary<Fields[Key]> },
  optional?: { [Key in keyof Optional]: fc.Arbitrary<Optional[Key]> },
): fc.Arbitrary<{ type: Type } & Fields & Partial<Optional>> {
  const always = fc.record({ type: fc.constant(type), ...fields });
  const sometimes = fc.record({ ...optional }, { requiredKeys: [] });
  return fc.tuple(always, sometimes).map(([one, other]) => Object.assign(one, other) as never);
}

const list = { search: cursor, cursor };

export const clientFrame: fc.Arbitrary<ClientFrame> = fc.oneof(
  frame(
    'hello',
    { version: fc.integer(), oldest: fc.integer(), device: token.map((id) => `v_${id}`) },
    {
      epoch,
      heads: fc.uniqueArray(fc.tuple(conversationId, seq), { selector: ([id]) => id, maxLength: HELLO_MAX_HEADS / 20 }),
      idle: fc.boolean(),
    },
  ),
  frame('ping', { n: fc.integer() }),
  frame('send', {
    conversation: conversationId,
    messages: fc.uniqueArray(fc.record({ id: operationId, text }), {
      selector: (message) => message.id,
      minLength: 1,
      maxLength: 20,
    }),
  }),
  frame('createRoom', { id: operationId, conversation: roomId, name, visibility }),
  frame('renameRoom', { id: operationId, conversation: roomId, name }),
  frame('joinRoom', { id: operationId, conversation: roomId }, { invite: token }),
  frame('leaveRoom', { id: operationId, conversation: roomId }),
  frame('replaceInvite', { id: operationId, conversation: roomId }),
  frame('read', { conversation: conversationId, seq }),
  frame('typing', { conversation: conversationId }),
  frame('idle', { idle: fc.boolean() }),
  frame('watch', { lobby: fc.boolean(), users: fc.array(userId, { maxLength: 20 }) }),
  frame('history', { request, conversation: conversationId, before: seq, limit }, { after: seq }),
  frame('people', { request, limit }, list),
  frame('rooms', { request, limit }, list),
  frame('members', { request, conversation: roomId, limit }, { cursor }),
  frame('invite', { request, conversation: roomId }),
);

export const relayFrame: fc.Arbitrary<RelayFrame> = fc.oneof(
  frame(
    'welcome',
    { version: fc.integer(), epoch, node: cursor, me: user, at },
    { resync: fc.constantFrom('epoch' as const, 'ahead' as const) },
  ),
  frame('conversations', { conversations: fc.array(conversation, { maxLength: 3 }), users }),
  frame('entries', { conversation: conversationId, entries, users }),
  frame('hole', { conversation: conversationId, from: seq, to: seq }),
  frame('caughtUp', {}),
  frame('ack', { id: operationId, conversation: conversationId, seq, at }),
  frame(
    'error',
    { code: fc.constantFrom(...ERROR_CODES), retryable: fc.boolean() },
    { id: operationId, request, retryAfterMs: fc.nat(), detail: cursor },
  ),
  frame('readPosition', { conversation: conversationId, user: userId, seq }),
  frame('typing', { conversation: conversationId, user: userId }),
  frame('presence', {
    snapshot: fc.boolean(),
    presences: fc.array(presence, { maxLength: 4 }),
    users,
    onlineCount: fc.nat(),
    stale: fc.boolean(),
  }),
  frame('users', { users }),
  frame('history', { request, conversation: conversationId, entries, users }),
  frame('people', { request, users, presences: fc.array(presence, { maxLength: 4 }) }, { next: cursor }),
  frame('rooms', { request, rooms: fc.array(fc.record(listing), { maxLength: 4 }) }, { next: cursor }),
  frame('members', { request, conversation: roomId, users }, { next: cursor }),
  frame('invite', { request, conversation: roomId, invite: fc.option(token) }),
  frame('pong', { n: fc.integer() }),
  frame('goaway', { delayMs: fc.nat() }),
);
