/** The life of a session, under a clock that passes only when told. */
import {
  directConversationId,
  FRAME_MAX_BYTES,
  HELLO_TIMEOUT_MS,
  makeOperationId,
  makeRoomId,
  makeUserId,
  REPLAY_MAX_TOTAL,
  type RelayFrame,
} from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { LogUnavailableError } from '../../src/log/log.ts';
import { settled } from '../support/fake-clock.ts';
import { TestNode, type TestSession } from '../support/node.ts';

let test: TestNode;
afterEach(() => test.stop());

const newUser = (): string => makeUserId(test.random);
const newId = (): string => makeOperationId(test.clock, test.random);

/** Writes texts, as many in a frame as fit, and waits for their acks. */
async function write(session: TestSession, conversation: string, texts: readonly string[]): Promise<void> {
  const size = JSON.stringify(texts[0]).length > 3_000 ? 2 : 20;
  for (let from = 0; from < texts.length; from += size) {
    const messages = texts.slice(from, from + size).map((text) => ({ id: newId(), text }));
    session.say({ type: 'send', conversation, messages });
    for (const _ of messages) await session.until('ack');
  }
}

const summaries = (frames: readonly RelayFrame[]) =>
  frames.flatMap((frame) => (frame.type === 'conversations' ? frame.conversations : []));
const entriesIn = (frames: readonly RelayFrame[]) =>
  frames.flatMap((frame) => (frame.type === 'entries' ? frame.entries : []));
const sizes = (session: TestSession): number[] =>
  session.socket.frames.map((frame) => Buffer.byteLength(JSON.stringify(frame)));

describe('the opening', () => {
  it('that never comes closes with 4000 after five seconds', async () => {
    test = await TestNode.start();
    const silent = test.open(newUser());
    await test.clock.pass(HELLO_TIMEOUT_MS - 1);
    expect(silent.socket.closedWith).toBeUndefined();
    await test.clock.pass(1);
    expect(silent.socket.closedWith).toBe(4000);
    expect(silent.socket.frames).toEqual([{ type: 'error', code: 'hello_timeout', retryable: true }]);
    const said = await test.enter(newUser());
    await test.clock.pass(HELLO_TIMEOUT_MS * 2);
    expect(said.socket.closedWith).toBeUndefined();
  });

  it('waits for a head that is ahead by a moment, and resumes', async () => {
    test = await TestNode.start();
    const [ann, ben] = [newUser(), newUser()];
    const conversation = directConversationId(ann, ben);
    const first = await test.enter(ann);
    await test.enter(ben);
    await write(first, conversation, ['one']);
    const { epoch } = test.node.services ?? {};
    test.holdView();
    first.say({ type: 'send', conversation, messages: [{ id: newId(), text: 'two' }] });
    await settled();
    const moved = test.open(ann);
    moved.hello({ epoch, heads: [[conversation, 2]] });
    await test.clock.pass(500);
    expect(moved.socket.frames).toEqual([]);
    test.releaseView();
    await test.clock.pass(100);
    expect(moved.types).toEqual(['welcome', 'conversations', 'caughtUp']);
    expect(moved.socket.frames[0]).not.toHaveProperty('resync');
  });

  it('waits no longer than two seconds for it', async () => {
    test = await TestNode.start();
    const ann = newUser();
    const session = test.open(ann);
    session.hello({ epoch: test.node.services?.epoch, heads: [[directConversationId(ann, ann), 1]] });
    await test.clock.pass(1_900);
    expect(session.socket.frames).toEqual([]);
    await test.clock.pass(200);
    expect(session.socket.frames[0]).toMatchObject({ type: 'welcome', resync: 'ahead' });
  });

  it('is answered first, whatever was said right after it', async () => {
    test = await TestNode.start();
    const [ann, ben] = [newUser(), newUser()];
    await test.enter(ben);
    const session = test.open(ann);
    session.hello();
    session.say({ type: 'ping', n: 1 });
    session.say({
      type: 'send',
      conversation: directConversationId(ann, ben),
      messages: [{ id: newId(), text: 'hi' }],
    });
    session.say({ type: 'watch', lobby: true, users: [] });
    await session.until('ack');
    expect(session.types[0]).toBe('welcome');
    expect(session.types).toEqual(expect.arrayContaining(['caughtUp', 'pong', 'presence', 'entries']));
  });

  it('takes twenty early frames and no more', async () => {
    test = await TestNode.start();
    const session = test.open(newUser());
    session.hello();
    for (let n = 0; n < 25; n += 1) session.say({ type: 'ping', n });
    await session.until('caughtUp');
    await settled();
    expect(session.types.filter((type) => type === 'pong')).toHaveLength(20);
    const refused = session.socket.frames.filter((frame) => frame.type === 'error');
    expect(refused).toEqual(
      Array.from({ length: 5 }, () => ({ type: 'error', code: 'rate_limited', retryable: true, retryAfterMs: 1_000 })),
    );
  });

  it('names a user anew that this log has never heard of', async () => {
    test = await TestNode.start();
    const session = await test.enter(newUser(), {}, 'Zoë');
    expect(session.socket.frames[0]).toMatchObject({ type: 'welcome', me: { name: 'Zoë' } });
  });

  it('of a user who can be named in no log is no welcome: the client comes back', async () => {
    test = await TestNode.start();
    const append = test.log.append.bind(test.log);
    test.log.append = () => Promise.reject(new LogUnavailableError('gone', { maybeWritten: false }));
    const ann = newUser();
    const session = test.open(ann, { name: 'Ann' });
    session.hello();
    await settled();
    await settled();
    expect(session.socket.frames).toEqual([{ type: 'error', code: 'node_unready', retryable: true }]);
    expect(session.socket.closedWith).toBe(4003);
    test.log.append = append;
    const again = await test.enter(ann, {}, 'Ann');
    expect(again.socket.frames[0]).toMatchObject({ type: 'welcome', me: { id: ann, name: 'Ann' } });
  });
});

describe('a replay', () => {
  it('comes whole and in order, with caughtUp last, at the pace of its reader', async () => {
    test = await TestNode.start();
    const [ann, ben] = [newUser(), newUser()];
    const writer = await test.enter(ann);
    await test.enter(ben);
    const rooms: string[] = [];
    for (let room = 0; room < 6; room += 1) {
      const conversation = makeRoomId(test.random);
      writer.say({ type: 'createRoom', id: newId(), conversation, name: 'Room', visibility: 'public' });
      await writer.until('ack');
      await write(
        writer,
        conversation,
        Array.from({ length: 200 }, () => 'x'.repeat(2_000)),
      );
      rooms.push(conversation);
    }
    const reader = test.open(ann);
    reader.socket.reads = false;
    reader.hello({ epoch: test.node.services?.epoch, heads: rooms.map((room) => [room, 1]) });
    await test.clock.pass(1_000);
    expect(reader.types).not.toContain('caughtUp');
    expect(reader.socket.bufferedBytes).toBeLessThan(512 * 1024);
    while (!reader.types.includes('caughtUp')) {
      reader.socket.take(100_000);
      await test.clock.pass(50);
    }
    expect(reader.socket.terminated).toBe(false);
    const { frames } = reader.socket;
    expect(frames.at(-1)?.type).toBe('caughtUp');
    expect(entriesIn(frames)).toHaveLength(REPLAY_MAX_TOTAL);
    const holes = frames.filter((frame) => frame.type === 'hole');
    expect(holes).toEqual([{ type: 'hole', conversation: rooms[0], from: 2, to: 201 }]);
    for (const room of rooms.slice(1)) {
      const seqs = frames.flatMap((frame) =>
        frame.type === 'entries' && frame.conversation === room ? frame.entries.map(({ seq }) => seq) : [],
      );
      expect(seqs).toEqual(Array.from({ length: 200 }, (_, at) => at + 2));
    }
  });

  it('of conversations with long last messages gets through, however many there are', async () => {
    test = await TestNode.start();
    const victim = newUser();
    await test.enter(victim);
    const long = '😀'.repeat(4_000);
    for (let attacker = 0; attacker < 100; attacker += 1) {
      const other = newUser();
      await write(await test.enter(other), directConversationId(victim, other), [long]);
    }
    const back = test.open(victim);
    back.socket.reads = false;
    back.hello();
    while (!back.types.includes('caughtUp')) {
      back.socket.take(200_000);
      await test.clock.pass(20);
      expect(back.socket.terminated).toBe(false);
    }
    expect(summaries(back.socket.frames)).toHaveLength(100);
    expect(Math.max(...sizes(back))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
  });

  it('tells what a conversation is now, not what it was when the greeting began', async () => {
    test = await TestNode.start();
    const [ann, other] = [newUser(), newUser()];
    const first = await test.enter(ann);
    await test.enter(other);
    const room = makeRoomId(test.random);
    first.say({ type: 'createRoom', id: newId(), conversation: room, name: 'Old', visibility: 'public' });
    await first.until('ack');
    test.clock.advance(1_000);
    for (let peer = 0; peer < 40; peer += 1) {
      const name = newUser();
      await test.enter(name);
      await write(first, directConversationId(ann, name), ['😀'.repeat(4_000)]);
    }
    const slow = test.open(ann);
    slow.socket.reads = false;
    slow.hello();
    await slow.until('welcome');
    first.say({ type: 'leaveRoom', id: newId(), conversation: room });
    await first.until('ack');
    while (!slow.types.includes('caughtUp')) {
      slow.socket.take(200_000);
      await test.clock.pass(20);
    }
    const told = summaries(slow.socket.frames).filter(({ id }) => id === room);
    expect(told.at(-1)).toMatchObject({ joined: false, head: 2 });
  });
});

describe('frames', () => {
  it('stay within 64 KiB whatever is written, live, in history and in a replay', async () => {
    test = await TestNode.start();
    const [ann, ben] = [newUser(), newUser()];
    const conversation = directConversationId(ann, ben);
    const writer = await test.enter(ann, {}, '𝒜'.repeat(60));
    const reader = await test.enter(ben);
    // Six bytes each in JSON, one in the log.
    await write(
      writer,
      conversation,
      Array.from({ length: 60 }, () => 'a' + '\u0001'.repeat(3_999)),
    );
    reader.say({ type: 'history', request: 1, conversation, before: 61, limit: 100 });
    const page = await reader.until('history');
    expect(page.entries.at(-1)?.seq).toBe(60);
    expect(page.entries.length).toBeGreaterThan(0);
    const back = await test.enter(ben, { epoch: test.node.services?.epoch, heads: [[conversation, 1]] });
    expect(entriesIn(back.socket.frames).map(({ seq }) => seq)).toEqual(Array.from({ length: 59 }, (_, at) => at + 2));
    expect(entriesIn(reader.socket.frames)).toHaveLength(60);
    for (const session of [writer, reader, back])
      expect(Math.max(...sizes(session))).toBeLessThanOrEqual(FRAME_MAX_BYTES);
  });

  it('of people hold at most as many as were asked for, those online first, each once', async () => {
    test = await TestNode.start();
    const everybody = Array.from({ length: 30 }, newUser);
    const sessions: TestSession[] = [];
    for (const [at, user] of everybody.entries())
      sessions.push(await test.enter(user, {}, `Name ${String(at).padStart(2, '0')}`));
    for (const session of sessions.slice(0, 25)) session.session.close();
    await test.clock.pass(11_000);
    const asker = sessions.at(-1);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let request = 0; request < 10; request += 1) {
      asker?.say({ type: 'people', request, limit: 8, ...(cursor === undefined ? {} : { cursor }) });
      const page = await asker?.until('people');
      expect(page?.users.length).toBeLessThanOrEqual(8);
      expect(page?.presences.map(({ user }) => user)).toEqual(page?.users.map(({ id }) => id));
      if (request === 0) expect(page?.presences.slice(0, 4).map(({ state }) => state)).toEqual(Array(4).fill('online'));
      expect(new Set(page?.users.map(({ id }) => id)).size).toBe(page?.users.length);
      seen.push(...(page?.users.map(({ id }) => id) ?? []));
      cursor = page?.next;
      if (cursor === undefined) break;
    }
    expect(new Set(seen)).toEqual(new Set(everybody));
  });
});
