/**
 * Frames that no honest client sends, each with the answer it gets. The codec's own tests and the relay's read the same
 * list: whatever is in it, a relay answers with that code, stays up, and writes nothing.
 */
import {
  type DecodeFailure,
  FRAME_MAX_BYTES,
  FRAME_MAX_DEPTH,
  HELLO_MAX_HEADS,
  NAME_MAX_CODE_POINTS,
  PROTOCOL_VERSION,
  SEND_MAX_MESSAGES,
  TEXT_MAX_CODE_POINTS,
  WATCH_MAX_USERS,
} from '../src/index.ts';

export interface BadFrame {
  name: string;
  /** What is sent, as one text message. */
  text: string;
  code: DecodeFailure['code'];
  /** What the answer names, where the frame had it right. */
  id?: string;
  ids?: string[];
  request?: number;
}

const USER = 'u_Rk3xJ0pYQ2mZ7tq8Nf1aVw';
const ROOM = 'r_4nGd2PzWQkqv8yB1cXhT0A';
const DEVICE = 'v_s7LqEw3RTyU1iOp0AsDfGQ';
const DIRECT = 'd_Rk3xJ0pYQ2mZ7tq8Nf1aVwYt9bC4sLQ1eX6oD2uHk5Mg';
const TURNED = 'd_Yt9bC4sLQ1eX6oD2uHk5MgRk3xJ0pYQ2mZ7tq8Nf1aVw';
const ID = '0199c1f0-8a01-7d3e-8f4a-012345678901';
const OTHER_ID = '0199c1f0-8a02-7d3e-8f4a-012345678902';

const many = <Item>(count: number, item: (at: number) => Item): Item[] =>
  Array.from({ length: count }, (_, at) => item(at));
const idAt = (at: number): string => ID.slice(0, -4) + at.toString(16).padStart(4, '0');
const roomAt = (at: number): string => `r_${String(at).padStart(21, '0')}A`;
const userAt = (at: number): string => `u_${String(at).padStart(21, '0')}A`;

const message = { id: ID, text: 'hi' };
const send = { type: 'send', conversation: ROOM, messages: [message] };
const createRoom = { type: 'createRoom', id: ID, conversation: ROOM, name: 'Tea', visibility: 'public' };
const hello = { type: 'hello', version: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION, device: DEVICE };
const history = { type: 'history', request: 7, conversation: ROOM, before: 10, limit: 10 };
const people = { type: 'people', request: 7, limit: 10 };

const malformed = (name: string, text: string): BadFrame => ({ name, text, code: 'malformed_frame' });
const unknown = (name: string, frame: object): BadFrame => ({
  name,
  text: JSON.stringify(frame),
  code: 'unknown_frame',
});
const tooLarge = (name: string, text: string): BadFrame => ({ name, text, code: 'too_large' });
/** A frame with an `id`, `request` or `messages` of its own is refused by that name. */
const invalid = (
  name: string,
  frame: object | string,
  names: Pick<BadFrame, 'id' | 'ids' | 'request'> = {},
): BadFrame => ({
  name,
  text: typeof frame === 'string' ? frame : JSON.stringify(frame),
  code: 'invalid_frame',
  ...names,
});
const sending = (name: string, change: object, ids = [ID]): BadFrame =>
  invalid(name, { ...send, ...change }, ids.length > 0 ? { ids } : {});
const saying = (name: string, text: string): BadFrame => sending(name, { messages: [{ id: ID, text }] });
const naming = (name: string, roomName: unknown): BadFrame =>
  invalid(name, { ...createRoom, name: roomName }, { id: ID });
const greeting = (name: string, change: object): BadFrame => invalid(name, { ...hello, ...change });
const otherAge = (name: string, frame: object): BadFrame => ({
  name,
  text: JSON.stringify(frame),
  code: 'version_unsupported',
});
const asking = (name: string, change: object): BadFrame => invalid(name, { ...history, ...change }, { request: 7 });
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const NOT_FRAMES = [
  malformed('nothing', ''),
  malformed('white space', ' \n'),
  malformed('not JSON', 'hello'),
  malformed('cut short', '{"type":"ping","n":1'),
  malformed('two frames in one', '{"type":"ping","n":1}{"type":"ping","n":2}'),
  malformed('a byte order mark', '\ufeff{"type":"ping","n":1}'),
  malformed('U+0000 between frames', '{"type":"ping","n":1}\0'),
  malformed('null', 'null'),
  malformed('a number', '1'),
  malformed('a string', '"ping"'),
  malformed('an array', '[{"type":"ping","n":1}]'),
  malformed('no type', '{"n":1}'),
  malformed('a type that is no string', '{"type":["ping"],"n":1}'),
  malformed('a type in the prototype', '{"__proto__":{"type":"ping","n":1}}'),
  malformed('nested too deep', `{"type":"ping","n":${nested(FRAME_MAX_DEPTH)}}`),
  malformed('nested as deep as fits', nested(FRAME_MAX_BYTES / 2)),
  malformed('opened only', '['.repeat(FRAME_MAX_BYTES)),
  malformed('objects opened only', '{"a":'.repeat(FRAME_MAX_BYTES / 5)),
  malformed('closed before opened', `${']'.repeat(100)}${'['.repeat(100)}`),
  malformed('a number that ends nowhere', `{"type":"ping","n":${'1'.repeat(1_000)}e}`),
  tooLarge('one byte too large', `"${'a'.repeat(FRAME_MAX_BYTES - 1)}"`),
  tooLarge('too large in bytes, not in characters', `"${'中'.repeat(FRAME_MAX_BYTES / 3)}"`),
  tooLarge('a megabyte of spaces', ' '.repeat(1_000_000)),
];

const UNKNOWN_FRAMES = [
  unknown('an unknown type', { type: 'subscribe' }),
  unknown('another case', { type: 'Ping', n: 1 }),
  unknown('no type at all', { type: '' }),
  unknown('a name of Object.prototype', { type: '__proto__' }),
  unknown('another name of Object.prototype', { type: 'constructor' }),
  unknown('a type as long as fits', { type: 'a'.repeat(60_000) }),
  unknown('a frame of the relay', { type: 'welcome', version: 1 }),
  unknown('a forged entry', { type: 'entries', conversation: ROOM, entries: [], users: [] }),
  { ...unknown('an unknown operation', { type: 'edit', id: ID }), id: ID },
  { ...unknown('an unknown question', { type: 'search', request: 7 }), request: 7 },
];

const FORGED = [
  invalid('an unknown field', { type: 'ping', n: 1, extra: true }),
  invalid('a field named __proto__', '{"type":"ping","n":1,"__proto__":{"n":2}}'),
  invalid('a field named constructor', { type: 'ping', n: 1, constructor: 1 }),
  sending('a forged author', { author: USER }),
  sending('a forged author of one message', { messages: [{ ...message, author: USER }] }),
  sending('a forged seq', { messages: [{ ...message, seq: 1 }] }),
  sending('a forged time', { messages: [{ ...message, at: 1 }] }),
  sending('a kind of entry', { messages: [{ ...message, kind: 'memberJoined' }] }),
  invalid('somebody else joins', { type: 'joinRoom', id: ID, conversation: ROOM, user: USER }, { id: ID }),
  invalid('somebody else types', { type: 'typing', conversation: ROOM, user: USER }),
  invalid('somebody else reads', { type: 'read', conversation: ROOM, seq: 1, user: USER }),
];

const SENDS = [
  saying('an empty text', ''),
  saying('a blank text', ' \n\u3000'),
  saying('U+0000 in a text', 'a\0b'),
  saying('a lone high surrogate', 'a\ud83d'),
  saying('a lone low surrogate', '\ude00a'),
  saying('surrogates in the wrong order', '\ude00\ud83d'),
  saying('a text one code point too long', 'a'.repeat(TEXT_MAX_CODE_POINTS + 1)),
  saying('a text one emoji too long', '😀'.repeat(TEXT_MAX_CODE_POINTS + 1)),
  sending('a text that is no string', { messages: [{ id: ID, text: 1 }] }),
  sending('an id twice', { messages: [message, { id: ID, text: 'other' }] }),
  sending('no messages', { messages: [] }, []),
  sending('messages that are no array', { messages: { 0: message, length: 1 } }, []),
  sending('a message that is null', { messages: [null, { id: OTHER_ID, text: 'hi' }] }, [OTHER_ID]),
  sending(
    'too many messages',
    { messages: many(SEND_MAX_MESSAGES + 1, (at) => ({ id: idAt(at), text: 'hi' })) },
    many(SEND_MAX_MESSAGES, idAt),
  ),
  sending('as many messages as fit', { messages: many(20_000, () => ({})) }, []),
  sending('an id in upper case', { messages: [{ ...message, id: ID.toUpperCase() }] }, []),
  sending('an id of another version', { messages: [{ ...message, id: ID.replace('-7', '-4') }] }, []),
  sending('an id with a line break', { messages: [{ ...message, id: `${ID}\n` }] }, []),
  sending('an id that is markup', { messages: [{ ...message, id: '<b>'.repeat(12) }] }, []),
  sending('a user as conversation', { conversation: USER }),
  sending('a direct conversation in the other order', { conversation: TURNED }),
  sending('a path as conversation', { conversation: '../../etc/passwd' }),
  sending('a query as conversation', { conversation: "r_' OR 1=1 --          " }),
];

const ROOMS = [
  naming('no name', ''),
  naming('a name not trimmed', ' Tea'),
  naming('a name not in NFKC', 'Ｔea'),
  naming('an invisible name', '\u200b'),
  naming('a name that turns the line', 'Tea\u202eaeT'),
  naming('a line break in a name', 'Te\na'),
  naming('U+0000 in a name', 'Te\0a'),
  naming('a lone surrogate in a name', 'Tea\ud83d'),
  naming('a name too long', 'a'.repeat(NAME_MAX_CODE_POINTS + 1)),
  naming('a name that is an object', { toString: 'Tea' }),
  invalid('an unknown visibility', { ...createRoom, visibility: 'secret' }, { id: ID }),
  invalid('a room that is a direct conversation', { ...createRoom, conversation: DIRECT }, { id: ID }),
  invalid('an invite that is none', { type: 'joinRoom', id: ID, conversation: ROOM, invite: 'please' }, { id: ID }),
  invalid('an operation without an id', { type: 'leaveRoom', conversation: ROOM }),
];

const GREETINGS = [
  greeting('hello without a device', { device: undefined }),
  greeting('hello with a user as device', { device: USER }),
  greeting('hello with half a version', { version: 1.5 }),
  greeting('hello with a version in words', { version: 'one' }),
  greeting('hello with an epoch that is no name', { epoch: '../epoch' }),
  greeting('hello with a head below zero', { heads: [[ROOM, -1]] }),
  greeting('hello with half a head', { heads: [[ROOM]] }),
  greeting('hello with a head and more', { heads: [[ROOM, 1, 2]] }),
  greeting('hello with a head past what numbers hold', { heads: [[ROOM, 2 ** 53]] }),
  greeting('hello with a conversation twice', {
    heads: [
      [ROOM, 1],
      [ROOM, 2],
    ],
  }),
  greeting('hello with too many heads', { heads: many(HELLO_MAX_HEADS + 1, (at) => [roomAt(at), 1]) }),
  otherAge('hello of an age to come', { type: 'hello', version: 9, oldest: 8 }),
  otherAge('hello of an age gone by', { ...hello, version: 0, oldest: 0, device: 1 }),
];

const QUESTIONS = [
  asking('a page of nothing', { limit: 0 }),
  asking('a page of everything', { limit: 1e9 }),
  asking('a page before less than nothing', { before: -1 }),
  asking('a page before half', { before: 1.5 }),
  asking('a page before infinity', { before: null }),
  invalid('a question without a number', { ...history, request: undefined }),
  invalid('a question with a number in words', { ...history, request: '7' }),
  invalid('a question with half a number', { ...history, request: 7.5 }),
  invalid('U+0000 in a search', { ...people, search: 'a\0' }, { request: 7 }),
  invalid('a lone surrogate in a search', { ...people, search: '\ud83d' }, { request: 7 }),
  invalid('a search too long', { ...people, search: 'a'.repeat(129) }, { request: 7 }),
  invalid('a lone surrogate in a cursor', { ...people, cursor: '\ud83d' }, { request: 7 }),
  invalid('a cursor too long', { ...people, cursor: 'a'.repeat(257) }, { request: 7 }),
  invalid('a cursor that is an object', { ...people, cursor: { $gt: '' } }, { request: 7 }),
  invalid('too many users to watch', { type: 'watch', lobby: false, users: many(WATCH_MAX_USERS + 1, userAt) }),
  invalid('a room to watch', { type: 'watch', lobby: false, users: [ROOM] }),
  invalid('a lobby of one', { type: 'watch', lobby: 1, users: [] }),
  invalid('a read position below zero', { type: 'read', conversation: ROOM, seq: -1 }),
];

/** Every bad client → relay frame, with a name that is used once. */
export const CORPUS: readonly BadFrame[] = [
  ...NOT_FRAMES,
  ...UNKNOWN_FRAMES,
  ...FORGED,
  ...SENDS,
  ...ROOMS,
  ...GREETINGS,
  ...QUESTIONS,
];
