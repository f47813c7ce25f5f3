/** The numbered rules of packages/protocol/PROTOCOL.md, as a peer sees them that trusts nobody. */
import { requestToken } from '@parley/client';
import {
  type ClientFrameOf,
  type ConversationId,
  directConversationId,
  type Entry,
  makeDeviceId,
  makeOperationId,
  makeRoomId,
  PROTOCOL_VERSION,
  REPLAY_MAX_PER_CONVERSATION,
  type RelayFrame,
  SESSION_PATH,
  type UserId,
} from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CORPUS } from '../../../packages/protocol/test/corpus.ts';
import { Peer } from './support/peer.ts';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

const NO_LIMIT = '1000000/1000000';
const device = makeDeviceId(systemRandom);
const newId = (): string => makeOperationId(systemClock, systemRandom);
const hello = (more: Partial<ClientFrameOf<'hello'>> = {}): ClientFrameOf<'hello'> => ({
  type: 'hello',
  version: PROTOCOL_VERSION,
  oldest: PROTOCOL_VERSION,
  device,
  ...more,
});

let relay: TestRelay;
beforeAll(async () => {
  relay = await startRelay({ RATE_FRAMES: NO_LIMIT, RATE_OPERATIONS: NO_LIMIT, RATE_USER_SOCKETS: NO_LIMIT });
});
afterAll(async () => {
  await relay.stop();
  removeDataDir(relay);
});

const guest = (name = 'Guest') => requestToken(relay.url, name);

/** A peer that has said hello and been told everything; `opening` is what it was told. */
async function enter(token: string, more: Partial<ClientFrameOf<'hello'>> = {}) {
  const peer = await Peer.open(relay, token);
  peer.say(hello(more));
  const { before: opening } = await peer.until('caughtUp');
  const [welcome] = opening;
  if (welcome?.type !== 'welcome') throw new Error('no welcome');
  return { peer, opening, welcome };
}

interface Two {
  ann: { id: UserId; token: string };
  ben: { id: UserId; token: string };
  conversation: ConversationId;
}

async function two(): Promise<Two> {
  const [ann, ben] = await Promise.all([guest('Ann'), guest('Ben')]);
  return {
    ann: { id: ann.user.id, token: ann.token },
    ben: { id: ben.user.id, token: ben.token },
    conversation: directConversationId(ann.user.id, ben.user.id),
  };
}

/** Writes `count` messages, 20 a frame, and waits for all acks. */
async function write(peer: Peer, conversation: ConversationId, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 20) {
    const messages = Array.from({ length: Math.min(20, left) }, () => ({ id: newId(), text: 'text' }));
    peer.say({ type: 'send', conversation, messages });
    for (const { id } of messages) await peer.until('ack', (ack) => ack.id === id);
    ids.push(...messages.map(({ id }) => id));
  }
  return ids;
}

const entriesOf = (frames: readonly RelayFrame[], conversation: ConversationId): Entry[] =>
  frames.flatMap((frame) => (frame.type === 'entries' && frame.conversation === conversation ? frame.entries : []));
const seqs = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe('form', () => {
  const greetings = CORPUS.filter(({ name }) => name.startsWith('hello'));
  const others = CORPUS.filter((bad) => !greetings.includes(bad));

  it.each(CORPUS.filter(({ code }) => code === 'too_large'))('R1: $name closes with 1009', async ({ text }) => {
    const { peer } = await enter((await guest()).token);
    peer.write(text);
    expect(await peer.closed()).toBe(1009);
  });

  it('R6: every bad frame of the corpus is refused by its name, and changes nothing', async () => {
    const { token } = await guest();
    for (const { name, text, code, ...named } of others.filter((bad) => bad.code !== 'too_large')) {
      const { peer } = await enter(token);
      peer.write(text);
      for (const id of named.ids ?? [named.id]) {
        const { frame } = await peer.until('error');
        const request = named.request === undefined ? {} : { request: named.request };
        expect(frame, name).toMatchObject({ code, retryable: false, ...(id === undefined ? {} : { id }), ...request });
      }
      peer.say({ type: 'ping', n: 1 });
      expect((await peer.until('pong')).before, name).toEqual([]);
      await peer.close();
    }
    const { opening } = await enter(token);
    expect(opening.flatMap((frame) => (frame.type === 'conversations' ? frame.conversations : []))).toEqual([]);
  });

  it('R6: who sends nothing but bad frames is closed with 4503', async () => {
    const { peer } = await enter((await guest()).token);
    for (let sent = 0; sent < 200; sent += 1) peer.write('{');
    expect(await peer.closed()).toBe(4503);
  });

  it.each(greetings)('R10: $name', async ({ text, code }) => {
    const peer = await Peer.open(relay, (await guest()).token);
    peer.write(text);
    expect((await peer.until('error')).frame).toMatchObject({ code, retryable: false });
    if (code === 'version_unsupported') expect(await peer.closed()).toBe(4501);
    else await peer.close();
  });
});

describe('opening', () => {
  it('R8: a first frame that is no hello closes with 4500', async () => {
    const peer = await Peer.open(relay, (await guest()).token);
    peer.say({ type: 'ping', n: 1 });
    expect((await peer.until('error')).frame.code).toBe('hello_expected');
    expect(await peer.closed()).toBe(4500);
  });

  it('R8: a second hello is refused, and the socket lives on', async () => {
    const { peer } = await enter((await guest()).token);
    peer.say(hello());
    expect((await peer.until('error')).frame.code).toBe('hello_repeated');
    peer.say({ type: 'ping', n: 2 });
    expect((await peer.until('pong')).frame.n).toBe(2);
  });

  it('R11 and R13: welcome, conversations, replay of what was named, caughtUp; the rest comes cold', async () => {
    const { ann, ben, conversation } = await two();
    const first = await enter(ann.token);
    const notes = directConversationId(ann.id, ann.id);
    await write(first.peer, conversation, 5);
    await write(first.peer, notes, 3);
    const { opening } = await enter(ben.token, { epoch: first.welcome.epoch, heads: [[conversation, 2]] });
    expect(opening.map(({ type }) => type)).toEqual(['welcome', 'conversations', 'entries']);
    expect(seqs(entriesOf(opening, conversation))).toEqual([3, 4, 5]);
    const cold = await enter(ann.token, { epoch: first.welcome.epoch, heads: [[conversation, 5]] });
    expect(entriesOf(cold.opening, notes)).toEqual([]);
    const summaries = cold.opening.flatMap((frame) => (frame.type === 'conversations' ? frame.conversations : []));
    expect(summaries.find(({ id }) => id === notes)).toMatchObject({ head: 3, last: { seq: 3 } });
  });

  it('R13: what a replay leaves out is a hole, and history fills it', async () => {
    const { ann, conversation } = await two();
    const { peer, welcome } = await enter(ann.token);
    const total = REPLAY_MAX_PER_CONVERSATION + 30;
    await write(peer, conversation, total);
    const back = await enter(ann.token, { epoch: welcome.epoch, heads: [[conversation, 10]] });
    const hole = back.opening.find((frame) => frame.type === 'hole');
    expect(hole).toEqual({ type: 'hole', conversation, from: 11, to: 30 });
    expect(seqs(entriesOf(back.opening, conversation))).toEqual(range(31, total));
    back.peer.say({ type: 'history', request: 1, conversation, before: 31, after: 10, limit: 100 });
    expect(seqs((await back.peer.until('history')).frame.entries)).toEqual(range(11, 30));
  });

  it('R14: who resumes twice while nothing happened gets no entry', async () => {
    const { ann, conversation } = await two();
    const { peer, welcome } = await enter(ann.token);
    await write(peer, conversation, 3);
    for (const _ of [1, 2]) {
      const again = await enter(ann.token, { epoch: welcome.epoch, heads: [[conversation, 3]] });
      expect(again.opening.map(({ type }) => type)).toEqual(['welcome', 'conversations']);
    }
  });

  it('R15: another epoch, and a head above what the node knows, are told to start anew', async () => {
    const { ann, conversation } = await two();
    const { welcome } = await enter(ann.token);
    expect((await enter(ann.token, { epoch: 'another', heads: [[conversation, 1]] })).welcome.resync).toBe('epoch');
    const ahead = await enter(ann.token, { epoch: welcome.epoch, heads: [[conversation, 7]] });
    expect(ahead.welcome.resync).toBe('ahead');
  });

  it('R12: heads without an epoch do not count', async () => {
    const { ann, conversation } = await two();
    const { peer } = await enter(ann.token);
    await write(peer, conversation, 3);
    const { opening, welcome } = await enter(ann.token, { heads: [[conversation, 9]] });
    expect(welcome.resync).toBeUndefined();
    expect(entriesOf(opening, conversation)).toEqual([]);
  });
});

describe('writing and order', () => {
  it('R19: the same id again, on another socket, gets the answer of the first time', async () => {
    const { ann, conversation } = await two();
    const [one, other] = await Promise.all([enter(ann.token), enter(ann.token)]);
    const frame: ClientFrameOf<'send'> = { type: 'send', conversation, messages: [{ id: newId(), text: 'once' }] };
    one.peer.say(frame);
    const first = await one.peer.until('ack');
    other.peer.say(frame);
    expect((await other.peer.until('ack')).frame).toEqual(first.frame);
    expect((await enter(ann.token)).opening).toContainEqual(
      expect.objectContaining({ conversations: [expect.objectContaining({ head: 1 })] }),
    );
  });

  it('R20: the same id with another text is a conflict', async () => {
    const { ann, conversation } = await two();
    const { peer } = await enter(ann.token);
    const [id] = await write(peer, conversation, 1);
    peer.say({ type: 'send', conversation, messages: [{ id: id ?? '', text: 'something else' }] });
    expect((await peer.until('error')).frame).toMatchObject({ code: 'idempotency_conflict', retryable: false, id });
  });

  it('R21 and R23: the messages of one send keep their order, and both sides count alike', async () => {
    const { ann, ben, conversation } = await two();
    const [one, other] = await Promise.all([enter(ann.token), enter(ben.token)]);
    const texts = range(1, 20).map(String);
    const messages = texts.map((text) => ({ id: newId(), text }));
    one.peer.say({ type: 'send', conversation, messages });
    const read: Entry[] = [];
    while (read.length < 20) read.push(...(await other.peer.until('entries')).frame.entries);
    expect(read.map((entry) => (entry.kind === 'message' ? entry.text : ''))).toEqual(texts);
    expect(seqs(read)).toEqual(range(1, 20));
  });

  it('R26: who joins a private room sees from there on; who leaves sees up to there', async () => {
    const { ann, ben } = await two();
    const [owner, other] = await Promise.all([enter(ann.token), enter(ben.token)]);
    const room = makeRoomId(systemRandom);
    owner.peer.say({ type: 'createRoom', id: newId(), conversation: room, name: 'Family', visibility: 'private' });
    await owner.peer.until('ack');
    await write(owner.peer, room, 3);
    owner.peer.say({ type: 'replaceInvite', id: newId(), conversation: room });
    await owner.peer.until('ack');
    owner.peer.say({ type: 'invite', request: 1, conversation: room });
    const { invite } = (await owner.peer.until('invite')).frame;
    other.peer.say({ type: 'history', request: 1, conversation: room, before: 100, limit: 100 });
    expect((await other.peer.until('error')).frame).toMatchObject({ code: 'not_found', request: 1 });
    other.peer.say({ type: 'joinRoom', id: newId(), conversation: room, ...(invite !== null && { invite }) });
    expect((await other.peer.until('ack')).frame.seq).toBe(6);
    await write(owner.peer, room, 2);
    other.peer.say({ type: 'leaveRoom', id: newId(), conversation: room });
    expect((await other.peer.until('ack')).frame.seq).toBe(9);
    await write(owner.peer, room, 2);
    other.peer.say({ type: 'history', request: 2, conversation: room, before: 100, limit: 100 });
    expect(seqs((await other.peer.until('history')).frame.entries)).toEqual([6, 7, 8, 9]);
  });

  it('R27: history takes the newest below `before` and above `after`', async () => {
    const { ann, conversation } = await two();
    const { peer } = await enter(ann.token);
    await write(peer, conversation, 12);
    const ask = async (page: { before: number; after?: number; limit: number }): Promise<number[]> => {
      peer.say({ type: 'history', request: 5, conversation, ...page });
      return seqs((await peer.until('history')).frame.entries);
    };
    expect(await ask({ before: 13, limit: 5 })).toEqual([8, 9, 10, 11, 12]);
    expect(await ask({ before: 8, after: 5, limit: 100 })).toEqual([6, 7]);
    expect(await ask({ before: 1, limit: 100 })).toEqual([]);
  });
});

const askWho = (authorization: string) => fetch(relay.url + SESSION_PATH, { headers: { authorization } });

describe('signing in', () => {
  it('H1: a token says who is signed in, as a cookie does', async () => {
    const { token, user } = await guest('Ann');
    expect(await (await askWho(`Bearer ${token}`)).json()).toEqual({ user });
    expect((await askWho(`Bearer ${token}x`)).status).toBe(401);
  });
});
