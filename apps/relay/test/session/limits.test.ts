/** What ends a session or slows it down: silence, expiry, drain, floods. */
import { OUTBOX_MAX_MESSAGES } from '@parley/client';
import {
  CLOSE_DRAINING,
  directConversationId,
  makeOperationId,
  makeRoomId,
  makeUserId,
  PING_INTERVAL_MS,
} from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { type LogHandlers, LogUnavailableError } from '../../src/log/log.ts';
import { RECORD_VERSION } from '../../src/log/record.ts';
import { settled } from '../support/fake-clock.ts';
import { startClient, TestNode } from '../support/node.ts';

let test: TestNode;
afterEach(() => test.stop());

const newUser = (): string => makeUserId(test.random);
const newId = (): string => makeOperationId(test.clock, test.random);

describe('silence', () => {
  it('of a half-open link is asked about and ends the session within 45 s', async () => {
    test = await TestNode.start();
    const gone = await test.enter(newUser());
    await test.clock.pass(29_000);
    expect(gone.socket.pings).toBeGreaterThan(0);
    expect(gone.socket.terminated).toBe(false);
    await test.clock.pass(16_000);
    expect(gone.socket.terminated).toBe(true);
    expect(test.node.sessions.size).toBe(0);
  });

  it('of a link that answers pings, or sends them, ends nothing', async () => {
    test = await TestNode.start();
    const answers = await test.enter(newUser());
    answers.socket.onPing = () => answers.session.heard();
    const asks = await test.enter(newUser());
    for (let n = 0; n < 10; n += 1) {
      await test.clock.pass(PING_INTERVAL_MS);
      asks.say({ type: 'ping', n });
    }
    expect(answers.socket.terminated || asks.socket.terminated).toBe(false);
    expect(test.node.sessions.size).toBe(2);
  });
});

describe('a sign-in that ends', () => {
  it('takes its session with it, soon, and at once when something is written', async () => {
    test = await TestNode.start();
    const ann = newUser();
    const expiresAtMs = test.clock.wallMs() + 60_000;
    const [silent, writer] = [test.open(ann, { expiresAtMs }), test.open(ann, { expiresAtMs })];
    for (const session of [silent, writer]) {
      session.socket.onPing = () => session.session.heard();
      session.hello();
      await session.until('caughtUp');
    }
    await test.clock.pass(59_000);
    expect(silent.socket.closedWith).toBeUndefined();
    test.clock.advance(1_001);
    const before = await test.log.ends();
    writer.say({
      type: 'send',
      conversation: directConversationId(ann, ann),
      messages: [{ id: newId(), text: 'late' }],
    });
    expect(writer.socket.closedWith).toBe(4502);
    expect(writer.socket.frames.at(-1)).toMatchObject({ type: 'error', code: 'session_expired', retryable: false });
    await test.clock.pass(15_000);
    expect(silent.socket.closedWith).toBe(4502);
    expect(await test.log.ends()).toEqual(before);
  });
});

describe('a drain', () => {
  it('gives each session a slot of its own, and closes in the same waves with 1012', async () => {
    test = await TestNode.start({ DRAIN_MS: '1000' });
    const sessions = [];
    for (let count = 0; count < 10; count += 1) sessions.push(await test.enter(newUser()));
    const startedMs = test.clock.monotonicMs();
    const stopped = test.node.stop();
    expect(test.node.unreadyReason()).toBe('draining');
    await settled();
    const slots = sessions.map(({ socket }) => {
      const last = socket.frames.at(-1);
      return last?.type === 'goaway' ? last.delayMs : -1;
    });
    expect(slots.toSorted((one, other) => one - other)).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    // Everything still works until then.
    const last = sessions[slots.indexOf(900)];
    last?.say({ type: 'ping', n: 5 });
    await settled();
    expect(last?.socket.frames.at(-1)).toEqual({ type: 'pong', n: 5 });
    for (const slot of slots.toSorted((one, other) => one - other)) {
      const session = sessions[slots.indexOf(slot)];
      expect(session?.socket.closedWith).toBeUndefined();
      await test.clock.pass(startedMs + slot + 500 - test.clock.monotonicMs());
      expect(session?.socket.closedWith).toBe(CLOSE_DRAINING);
    }
    await stopped;
    expect(test.node.sessions.size).toBe(0);
  });

  it('closes whoever was not welcomed yet at once, without another frame', async () => {
    test = await TestNode.start({ DRAIN_MS: '1000' });
    const [silent] = [test.open(newUser()), await test.enter(newUser())];
    const stopped = test.node.stop();
    await settled();
    expect(silent?.socket.closedWith).toBe(CLOSE_DRAINING);
    expect(silent?.socket.frames).toEqual([]);
    await test.clock.pass(2_000);
    await stopped;
  });

  it('of no time at all closes everybody at once', async () => {
    test = await TestNode.start({ DRAIN_MS: '0' });
    const session = await test.enter(newUser());
    await test.node.stop();
    expect(session.socket.closedWith).toBe(CLOSE_DRAINING);
  });
});

describe('a node that cannot serve', () => {
  it('sends its sessions elsewhere when its view stands still', async () => {
    test = await TestNode.start({ DRAIN_MS: '1000' });
    const author = newUser();
    const sessions = [await test.enter(author), await test.enter(newUser()), test.open(newUser())];
    const head = { version: RECORD_VERSION + 1, kind: 'message' as const, id: newId(), author, at: 1 };
    await test.log.append({ key: directConversationId(author, author), head, body: Buffer.from('hi') });
    while (test.node.unreadyReason() === undefined) await settled();
    await test.clock.pass(1_000);
    for (const { socket } of sessions) {
      expect(socket.closedWith).toBe(4003);
      expect(socket.frames.at(-1)).toMatchObject({ type: 'error', code: 'node_unready', retryable: true });
    }
  });

  it('says why when its disk is full, and serves again, with everything, when there is room', async () => {
    test = await TestNode.start({ DRAIN_MS: '1000' });
    const me = newUser();
    const notes = directConversationId(me, me);
    const session = await test.enter(me);
    test.database?.exec('PRAGMA max_page_count = 1');
    for (let count = 0; count < 300; count += 1) {
      const head = { version: RECORD_VERSION, kind: 'message' as const, id: newId(), author: me, at: 1 };
      await test.log.append({ key: notes, head, body: Buffer.from('x'.repeat(1_000)) });
    }
    while (test.node.unreadyReason() === undefined) await settled();
    expect(test.node.unreadyReason()).toBe('the view cannot be written: database or disk is full');
    // What was told is not in the view any more: an empty page would be taken for the truth.
    session.say({ type: 'history', request: 7, conversation: notes, before: 2, limit: 9 });
    expect(await session.until('error')).toMatchObject({ request: 7, code: 'internal', retryable: true });
    await test.clock.pass(20_000);
    expect(session.socket.closedWith).toBe(4003);
    expect(test.node.unreadyReason()).toContain('is full');
    test.database?.exec('PRAGMA max_page_count = 100000');
    // Where the log ends is asked until it says so.
    const ends = test.log.ends.bind(test.log);
    let asked = 0;
    test.log.ends = () => {
      asked += 1;
      return Promise.reject(new LogUnavailableError('gone', { maybeWritten: false }));
    };
    await test.clock.pass(20_000);
    expect(asked).toBeGreaterThan(1);
    expect(test.node.unreadyReason()).toBe('catching up with the log');
    test.log.ends = ends;
    await test.clock.pass(1_000);
    expect(test.node.unreadyReason()).toBeUndefined();
    const back = await test.enter(me, { epoch: test.node.services?.epoch ?? '', heads: [[notes, 100]] });
    const seqs = back.socket.frames
      .flatMap((frame) => (frame.type === 'entries' ? frame.entries : []))
      .map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: 200 }, (_, at) => 101 + at));
    back.say({ type: 'send', conversation: notes, messages: [{ id: newId(), text: 'on' }] });
    expect((await back.until('ack')).seq).toBe(301);
  });

  it('keeps them when the log cannot be reached, and leaves when the log is lost', async () => {
    test = new TestNode({ DRAIN_MS: '1000' });
    const start = test.log.start.bind(test.log);
    let tell: LogHandlers['onStatus'] | undefined;
    test.log.start = (handlers) => {
      tell = (status) => handlers.onStatus(status);
      return start(handlers);
    };
    await test.node.start();
    while (test.node.unreadyReason() !== undefined) await settled();
    const session = await test.enter(newUser());
    session.socket.onPing = () => session.session.heard();
    tell?.({ readable: false, writable: false, reason: 'gone' });
    await test.clock.pass(60_000);
    expect(test.node.unreadyReason()).toContain('gone');
    expect(session.socket.closedWith).toBeUndefined();
    expect(() => tell?.({ readable: false, writable: false, reason: 'made anew', lost: true })).toThrow('made anew');
    await test.clock.pass(1_000);
    expect(session.socket.closedWith).toBe(4003);
  });

  it('sends them elsewhere when it lags for long', async () => {
    test = new TestNode({ DRAIN_MS: '1000' });
    const start = test.log.start.bind(test.log);
    let behind = 0;
    test.log.start = (handlers) =>
      start({ ...handlers, onBatch: (batch) => handlers.onBatch({ ...batch, end: batch.end + behind }) });
    await test.node.start();
    while (test.node.unreadyReason() !== undefined) await settled();
    const user = newUser();
    const session = await test.enter(user);
    session.socket.onPing = () => session.session.heard();
    behind = 30_000;
    const head = { version: RECORD_VERSION, kind: 'userNamed' as const, id: newId(), author: user, at: 1 };
    await test.log.append({ key: user, head, body: Buffer.from('{"name":"Ann"}') });
    while (test.node.unreadyReason() === undefined) await settled();
    await test.clock.pass(5_000);
    expect(session.socket.closedWith).toBeUndefined();
    await test.clock.pass(10_000);
    expect(session.socket.closedWith).toBe(4003);
  });
});

describe('a flood', () => {
  it('far above the rate is cut after twenty bursts of refusals, even if a frame passes now and then', async () => {
    test = await TestNode.start({ RATE_FRAMES: '10/5' });
    const session = await test.enter(newUser());
    let sent = 0;
    while (session.socket.closedWith === undefined && sent < 1_000) {
      session.say({ type: 'ping', n: sent });
      sent += 1;
      test.clock.advance(25);
    }
    const refused = session.socket.frames.filter((frame) => frame.type === 'error' && frame.code === 'rate_limited');
    expect(refused).toHaveLength(100);
    expect(session.socket.frames.at(-1)).toMatchObject({ type: 'error', code: 'too_many_bad_frames' });
    expect(session.socket.closedWith).toBe(4503);
  });

  it('just above the rate is cut when it has gone on for a minute', async () => {
    test = await TestNode.start({ RATE_FRAMES: '10/1000' });
    const session = await test.enter(newUser());
    for (let n = 0; n < 1_000; n += 1) session.say({ type: 'ping', n });
    const startedMs = test.clock.monotonicMs();
    while (session.socket.closedWith === undefined && test.clock.monotonicMs() < startedMs + 120_000) {
      session.say({ type: 'ping', n: 1 });
      test.clock.advance(95);
    }
    expect(session.socket.closedWith).toBe(4503);
    const seconds = (test.clock.monotonicMs() - startedMs) / 1_000;
    expect(seconds).toBeGreaterThan(59);
    expect(seconds).toBeLessThan(63);
  });

  it('is not a burst that has an end, however often it comes', async () => {
    test = await TestNode.start({ RATE_FRAMES: '10/5' });
    const session = await test.enter(newUser());
    for (let burst = 0; burst < 20; burst += 1) {
      for (let n = 0; n < 90; n += 1) session.say({ type: 'ping', n });
      await test.clock.pass(11_000);
    }
    expect(session.socket.closedWith).toBeUndefined();
  });

  it('is not a full outbox for as many conversations, which waits as it is told', async () => {
    test = await TestNode.start({ RATE_FRAMES: '50/200', RATE_OPERATIONS: '20/100' });
    const me = newUser();
    const others = Array.from({ length: OUTBOX_MAX_MESSAGES }, newUser);
    for (const user of others) {
      const head = { version: RECORD_VERSION, kind: 'userNamed' as const, id: newId(), author: user, at: 1 };
      await test.log.append({ key: user, head, body: Buffer.from('{"name":"Ann"}') });
    }
    const { client, socket } = startClient(test, me);
    for (const other of others) client.send(directConversationId(me, other), 'hi');
    await test.clock.pass(90_000);
    const codes = socket()?.frames.flatMap((frame) => (frame.type === 'error' ? [frame.code] : []));
    expect(new Set(codes)).toEqual(new Set(['rate_limited']));
    expect(socket()?.closedWith).toBeUndefined();
    expect(socket()?.frames.filter(({ type }) => type === 'ack')).toHaveLength(OUTBOX_MAX_MESSAGES);
    await client.stop();
  });

  it('of frames is refused by name, with the time to wait, and forgiven', async () => {
    test = await TestNode.start({ RATE_FRAMES: '10/5' });
    const session = await test.enter(newUser());
    const messages = [newId(), newId()].map((id) => ({ id, text: 'hi' }));
    for (let n = 0; n < 4; n += 1) session.say({ type: 'ping', n });
    session.fresh();
    session.say({ type: 'send', conversation: makeRoomId(test.random), messages });
    session.say({ type: 'people', request: 3, limit: 1 });
    await settled();
    const refusals = session.fresh().filter((frame) => frame.type === 'error');
    const [{ retryAfterMs = 0 } = {}] = refusals;
    expect(retryAfterMs).toBeGreaterThan(80);
    expect(retryAfterMs).toBeLessThanOrEqual(100);
    expect(refusals).toEqual([
      ...messages.map(({ id }) => ({ type: 'error', code: 'rate_limited', retryable: true, retryAfterMs, id })),
      { type: 'error', code: 'rate_limited', retryable: true, retryAfterMs, request: 3 },
    ]);
    await test.clock.pass(100);
    session.say({ type: 'ping', n: 9 });
    expect(await session.until('pong')).toEqual({ type: 'pong', n: 9 });
  });

  it('of messages is one over all sockets of a user, and nobody else pays', async () => {
    test = await TestNode.start({ RATE_OPERATIONS: '1/3' });
    const [ann, ben] = [newUser(), newUser()];
    const notes = directConversationId(ann, ann);
    const [one, other, bens] = [await test.enter(ann), await test.enter(ann), await test.enter(ben)];
    const say = (id: string) => ({ type: 'send' as const, conversation: notes, messages: [{ id, text: 'hi' }] });
    for (const session of [one, other, one]) {
      session.say(say(newId()));
      await session.until('ack');
    }
    const before = await test.log.ends();
    const id = newId();
    other.say(say(id));
    const refused = await other.until('error');
    expect(refused).toMatchObject({ code: 'rate_limited', retryable: true, id });
    expect(refused.retryAfterMs).toBeGreaterThan(900);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
    expect(await test.log.ends()).toEqual(before);
    bens.say({ ...say(newId()), conversation: directConversationId(ben, ben) });
    await bens.until('ack');
    await test.clock.pass(1_000);
    other.say(say(id));
    expect((await other.until('ack')).seq).toBe(4);
  });

  it('of questions about the members of a room has the limit of the other lists', async () => {
    test = await TestNode.start();
    const ann = await test.enter(newUser());
    const room = makeRoomId(test.random);
    ann.say({ type: 'createRoom', id: newId(), conversation: room, name: 'Tea', visibility: 'private' });
    await ann.until('ack');
    ann.fresh();
    for (let request = 0; request < 60; request += 1)
      ann.say({ type: 'members', request, conversation: room, limit: 1 });
    const refused = await ann.until('error');
    expect(refused).toMatchObject({ code: 'rate_limited', request: 50, retryAfterMs: 100 });
    expect(ann.types.filter((type) => type === 'members')).toHaveLength(50);
  });

  it('of searches and of typing has limits of its own', async () => {
    test = await TestNode.start();
    const [ann, ben] = [newUser(), newUser()];
    const [one, other] = [await test.enter(ann), await test.enter(ben)];
    const conversation = directConversationId(ann, ben);
    one.say({ type: 'send', conversation, messages: [{ id: newId(), text: 'hi' }] });
    await one.until('ack');
    for (let request = 0; request < 60; request += 1) one.say({ type: 'people', request, limit: 1, search: 'nobody' });
    const refused = await one.until('error');
    expect(refused).toMatchObject({ code: 'rate_limited', request: 50, retryAfterMs: 100 });
    for (let count = 0; count < 50; count += 1) {
      one.say({ type: 'typing', conversation });
      await settled();
    }
    const typings = other.fresh().filter(({ type }) => type === 'typing');
    expect(typings.length).toBeGreaterThan(0);
    expect(typings.length).toBeLessThanOrEqual(10);
    expect(one.types).not.toContain('typing');
  });
});
