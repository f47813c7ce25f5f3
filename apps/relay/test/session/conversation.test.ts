/** What goes between sessions: reads, typing, names, rooms. */
import { directConversationId, makeOperationId, makeRoomId, makeUserId, type RelayFrame } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RECORD_VERSION } from '../../src/log/record.ts';
import { settled } from '../support/fake-clock.ts';
import { TestNode, type TestSession } from '../support/node.ts';

let test: TestNode;
let ann: string;
let ben: string;
let anns: TestSession;
let bens: TestSession;
beforeEach(async () => {
  test = await TestNode.start();
  [ann, ben] = [makeUserId(test.random), makeUserId(test.random)];
  [anns, bens] = [await test.enter(ann, {}, 'Ann'), await test.enter(ben, {}, 'Ben')];
});
afterEach(() => test.stop());

const newId = (): string => makeOperationId(test.clock, test.random);

async function send(session: TestSession, conversation: string, text = 'hi'): Promise<number> {
  session.say({ type: 'send', conversation, messages: [{ id: newId(), text }] });
  return (await session.until('ack')).seq;
}

async function room(visibility: 'public' | 'private'): Promise<string> {
  const conversation = makeRoomId(test.random);
  anns.say({ type: 'createRoom', id: newId(), conversation, name: 'Tea', visibility });
  await anns.until('ack');
  return conversation;
}

/** The conversations as the session was told of them. */
function described(session: TestSession) {
  return session.socket.frames.flatMap((frame) => (frame.type === 'conversations' ? frame.conversations : []));
}

describe('between two', () => {
  it('a read position is told to both, is kept, and only ever grows', async () => {
    const conversation = directConversationId(ann, ben);
    await send(anns, conversation);
    await send(anns, conversation);
    bens.say({ type: 'read', conversation, seq: 2 });
    expect(await anns.until('readPosition')).toEqual({ type: 'readPosition', conversation, user: ben, seq: 2 });
    await bens.until('readPosition');
    const before = await test.log.ends();
    bens.say({ type: 'read', conversation, seq: 1 });
    bens.say({ type: 'read', conversation, seq: 2 });
    bens.say({ type: 'read', conversation, seq: 2_000 });
    await settled();
    expect(await test.log.ends()).toEqual(before);
    const again = await test.enter(ben);
    expect(described(again)[0]).toMatchObject({ readUpTo: 2, head: 2 });
  });

  it.each(['before', 'after'])('typing is told to the other one alone, %s the first message', async (when) => {
    const conversation = directConversationId(ann, ben);
    if (when === 'after') await send(anns, conversation);
    const stranger = await test.enter(makeUserId(test.random));
    bens.say({ type: 'typing', conversation });
    expect(await anns.until('typing')).toEqual({ type: 'typing', conversation, user: ben });
    stranger.say({ type: 'typing', conversation });
    await settled();
    await settled();
    expect(anns.fresh().filter(({ type }) => type === 'typing')).toEqual([]);
    expect(bens.types).not.toContain('typing');
    expect(stranger.types).not.toContain('typing');
  });

  it('the first message brings the conversation itself, before its entry', async () => {
    bens.fresh();
    await send(anns, directConversationId(ann, ben));
    await settled();
    expect(bens.fresh().map(({ type }) => type)).toEqual(['conversations', 'entries']);
  });
});

describe('in a room', () => {
  it('nothing is told after leaving, and everything up to it', async () => {
    const conversation = await room('public');
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    await bens.until('ack');
    await send(anns, conversation, 'you see this');
    bens.say({ type: 'leaveRoom', id: newId(), conversation });
    await bens.until('ack');
    await send(anns, conversation, 'not this');
    anns.say({ type: 'renameRoom', id: newId(), conversation, name: 'Secret' });
    await anns.until('ack');
    anns.say({ type: 'typing', conversation });
    anns.say({ type: 'read', conversation, seq: 4 });
    await anns.until('readPosition');
    const entries = bens.socket.frames.flatMap((frame) => (frame.type === 'entries' ? frame.entries : []));
    expect(entries.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(JSON.stringify(bens.socket.frames)).not.toMatch(/not this|Secret/);
    const after = bens.socket.frames.slice(-1)[0];
    expect(['entries', 'conversations', 'ack']).toContain(after?.type);
  });

  it('who makes it or joins it has read up to there, on every session and for the others', async () => {
    const conversation = await room('public');
    for (let count = 0; count < 3; count += 1) await send(anns, conversation);
    bens.fresh();
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    const { conversations } = await bens.until('conversations');
    expect(conversations[0]).toMatchObject({ id: conversation, head: 5, readUpTo: 5 });
    const before = await test.log.ends();
    const again = await test.enter(ben);
    expect(described(again)).toMatchObject([{ id: conversation, readUpTo: 5, reads: [{ user: ann, seq: 1 }] }]);
    expect(described(await test.enter(ann))).toMatchObject([{ readUpTo: 1, reads: [{ user: ben, seq: 5 }] }]);
    // Nothing new to the relay: not written again.
    again.say({ type: 'read', conversation, seq: 5 });
    await settled();
    expect(await test.log.ends()).toEqual(before);
  });

  it('questions of a stranger and about nothing are answered alike', async () => {
    const hidden = await room('private');
    const nothing = makeRoomId(test.random);
    const answers = [hidden, nothing].map(async (conversation) => {
      const session = await test.enter(ben);
      session.fresh();
      session.say({ type: 'history', request: 1, conversation, before: 9, limit: 9 });
      session.say({ type: 'members', request: 2, conversation, limit: 9 });
      session.say({ type: 'invite', request: 3, conversation });
      session.say({
        type: 'send',
        conversation,
        messages: [{ id: '0199c1f0-8a01-7d3e-8f4a-012345678901', text: 'hi' }],
      });
      session.say({ type: 'joinRoom', id: '0199c1f0-8a02-7d3e-8f4a-012345678901', conversation });
      session.say({ type: 'leaveRoom', id: '0199c1f0-8a03-7d3e-8f4a-012345678901', conversation });
      const invite = 'A'.repeat(22);
      session.say({ type: 'joinRoom', id: '0199c1f0-8a04-7d3e-8f4a-012345678901', conversation, invite });
      const refusals: RelayFrame[] = [];
      while (refusals.length < 7) refusals.push(await session.until('error'));
      return refusals;
    });
    const [known, unknown] = await Promise.all(answers);
    expect(known?.map((frame) => frame.type === 'error' && frame.code)).toEqual([
      ...Array(6).fill('not_found'),
      'invite_invalid',
    ]);
    expect(known).toEqual(unknown);
  });
});

describe('a name', () => {
  it('of a newcomer comes to who watches', async () => {
    bens.say({ type: 'watch', lobby: true, users: [] });
    await bens.until('presence');
    const newcomer = await test.enter(makeUserId(test.random), {}, 'Cy');
    await test.clock.pass(3_000);
    const names = bens.fresh().flatMap((frame) => ('users' in frame ? frame.users : []));
    expect(names).toContainEqual({ id: newcomer.session.user, name: 'Cy' });
  });

  it('is told once when it changed, and not at all when it did not', async () => {
    bens.say({ type: 'watch', lobby: true, users: [ann] });
    const name = async (to: string): Promise<number> => {
      const head = { version: RECORD_VERSION, kind: 'userNamed' as const, id: newId(), author: ann, at: 1 };
      await test.log.append({ key: ann, head, body: Buffer.from(JSON.stringify({ name: to })) });
      await test.clock.pass(1_000);
      return bens.fresh().filter((frame) => frame.type === 'users').length;
    };
    await test.clock.pass(3_000);
    await name('Ann');
    expect(await name('Ann')).toBe(0);
    expect(await name('Anna')).toBe(1);
    expect(await name('Anna')).toBe(0);
  });

  it('of many, changed within a second, is told in one frame, to everybody, as it is then', async () => {
    const others = Array.from({ length: 20 }, () => makeUserId(test.random));
    const named = async (to: string): Promise<void> => {
      for (const user of others) {
        const head = { version: RECORD_VERSION, kind: 'userNamed' as const, id: newId(), author: user, at: 1 };
        await test.log.append({ key: user, head, body: Buffer.from(JSON.stringify({ name: to })) });
      }
    };
    await named('First');
    await test.clock.pass(500);
    bens.fresh();
    await named('Second');
    await named('Third');
    await test.clock.pass(500);
    const atOnce = bens.fresh().filter((frame) => frame.type === 'users');
    expect(atOnce).toHaveLength(1);
    await test.clock.pass(1_000);
    const later = bens.fresh().flatMap((frame) => (frame.type === 'users' ? [frame.users] : []));
    expect(later).toHaveLength(1);
    expect(new Set(later[0]?.map(({ name }) => name))).toEqual(new Set(['Third']));
    expect(new Set(later[0]?.map(({ id }) => id))).toEqual(new Set(others));
    await test.clock.pass(5_000);
    expect(bens.fresh().filter((frame) => frame.type === 'users')).toEqual([]);
  });
});
