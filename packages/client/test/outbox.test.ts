import type { OperationId } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { memoryStorage } from '../src/storage/memory.ts';
import type { ClientStorage } from '../src/storage/storage.ts';
import { FakeClock, seededRandom, settle } from './support/fake-clock.ts';
import { ALICE, BOB, DIRECT, messageAt, ROOM, welcome } from './support/scripted-relay.ts';
import { rows, setUp, setUpOnline } from './support/set-up.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

describe('outbox: a message belongs to it until the ack', () => {
  it('is written before it is sent', async () => {
    const storage = memoryStorage();
    let gate = Promise.withResolvers<void>();
    const slow: ClientStorage = {
      ...storage,
      changeOutbox: async (change) => {
        await gate.promise;
        await storage.changeOutbox(change);
      },
    };
    const { client, relay } = await setUp({ storage: slow });
    await relay.last.greet();
    client.send(DIRECT, 'hello');
    await settle();
    expect(relay.last.of('send')).toEqual([]);
    gate.resolve();
    await settle();
    const { id, text } = relay.last.last('send').messages[0] ?? { id: '' };
    expect(text).toBe('hello');
    gate = Promise.withResolvers();
    client.send(DIRECT, 'again');
    relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    expect(relay.last.of('send')).toHaveLength(1);
    gate.resolve();
    await settle();
    expect(relay.last.of('send')).toHaveLength(2);
  });

  it('goes out once and is kept until the ack where the storage cannot write', async () => {
    const full: ClientStorage = { ...memoryStorage(), changeOutbox: () => Promise.reject(new Error('quota')) };
    const { client, clock, relay } = await setUp({ storage: full });
    await relay.last.greet();
    const id = client.send(DIRECT, 'hello');
    await settle();
    await relay.last.end();
    await clock.advance(1_000);
    await relay.last.greet();
    await settle();
    expect(client.getSnapshot().waitingCount).toBe(1);
    expect(relay.last.last('send').messages.map((message) => message.id)).toEqual([id]);
  });

  it('stays where the storage could not be read once', async () => {
    const storage = memoryStorage();
    let broken = false;
    const flaky: ClientStorage = {
      ...storage,
      loadOutbox: () => (broken ? Promise.reject(new Error('storage')) : storage.loadOutbox()),
    };
    const { client, clock, relay } = await setUp({ storage: flaky });
    await relay.last.greet();
    const id = client.send(DIRECT, 'hello');
    await settle();
    broken = true;
    await relay.last.end();
    await clock.advance(1_000);
    await relay.last.greet();
    await settle();
    expect(client.getSnapshot().waitingCount).toBe(1);
    expect(relay.last.last('send').messages.map((message) => message.id)).toEqual([id]);
  });

  it('does not send again what was answered and the storage could not take out, and takes it out later', async () => {
    const storage = memoryStorage();
    let broken = false;
    const flaky: ClientStorage = {
      ...storage,
      changeOutbox: (change) => (broken ? Promise.reject(new Error('storage')) : storage.changeOutbox(change)),
    };
    const { client, clock, relay } = await setUp({ storage: flaky });
    await relay.last.greet();
    const id = client.send(DIRECT, 'hello');
    await settle();
    broken = true;
    relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1, at: 5 });
    relay.last.say({ type: 'entries', conversation: DIRECT, entries: [{ ...messageAt(1, ALICE.id), id }], users: [] });
    await settle();
    await relay.last.end();
    await clock.advance(1_000);
    await relay.last.greet();
    await settle();
    expect(relay.last.of('send')).toEqual([]);
    expect(client.getSnapshot().conversations.get(DIRECT)?.pending).toEqual([]);
    broken = false;
    const next = client.send(DIRECT, 'and more');
    await settle();
    expect((await storage.loadOutbox()).map((message) => message.id)).toEqual([next]);
  });

  it('sends what an earlier run left first, also when the wall clock was ahead then', async () => {
    const storage = memoryStorage();
    const clock = new FakeClock();
    const later = clock.wallMs() + 3_600_000;
    const { id: left } = messageAt(1);
    const times = { writtenAt: later, askedAt: later, order: later * 1_000 };
    await storage.changeOutbox({ put: [{ id: left, conversation: DIRECT, text: 'left', ...times }], remove: [] });
    const { client, relay } = await setUp({ storage, clock });
    const written = client.send(DIRECT, 'written now');
    await relay.last.greet();
    await settle();
    relay.last.say({ type: 'ack', id: left, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    const sent = relay.last.of('send').flatMap(({ messages }) => messages.map(({ id }) => id));
    expect(sent).toEqual([left, written]);
  });

  it('keeps one request in flight a conversation and batches what waits meanwhile', async () => {
    const { client, relay, events } = await setUpOnline();
    const first = client.send(DIRECT, 'one');
    await settle();
    for (const text of ['two', 'three']) client.send(DIRECT, text);
    client.send(ROOM, 'elsewhere');
    await settle();
    expect(relay.last.of('send').map(({ messages }) => messages.map(({ text }) => text))).toEqual([
      ['one'],
      ['elsewhere'],
    ]);
    relay.last.say({ type: 'ack', id: first, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    expect(relay.last.last('send').messages.map(({ text }) => text)).toEqual(['two', 'three']);
    expect(events.filter(({ type }) => type === 'acked')).toEqual([
      { type: 'acked', id: first, conversation: DIRECT, seq: 1 },
    ]);
    expect(client.getSnapshot().waitingCount).toBe(3);
  });

  it('sends everything un-acked again after a reconnect, with the same ids in the same order', async () => {
    const { client, clock, relay } = await setUpOnline();
    const first = client.send(DIRECT, 'one');
    await settle();
    const second = client.send(DIRECT, 'two');
    expect(statuses(client.getSnapshot().conversations.get(DIRECT)?.pending)).toEqual(['sending', 'queued']);
    await relay.last.end();
    expect(statuses(client.getSnapshot().conversations.get(DIRECT)?.pending)).toEqual(['queued', 'queued']);
    await clock.advance(1_000);
    await relay.last.greet();
    expect(relay.last.last('send').messages.map(({ id }) => id)).toEqual([first, second]);
  });

  it('takes the echo as an ack, and does nothing on the second of the two', async () => {
    const { client, relay, events } = await setUpOnline();
    const id = client.send(DIRECT, 'hello');
    await settle();
    const entry = { ...messageAt(1, ALICE.id), id };
    relay.last.say({ type: 'entries', conversation: DIRECT, entries: [entry], users: [ALICE] });
    relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1, at: entry.at });
    expect(events.filter(({ type }) => type === 'acked' || type === 'entry').map(({ type }) => type)).toEqual([
      'acked',
      'entry',
    ]);
    expect(client.getSnapshot().conversations.get(DIRECT)?.pending).toEqual([]);
  });

  it('shows an acked message at its place at once, exactly once', async () => {
    const { client, relay, events } = await setUpOnline();
    const id = client.send(DIRECT, 'hello');
    await settle();
    relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 1, at: 5 });
    expect(rows(client, DIRECT)).toEqual(['hello']);
    relay.last.say({
      type: 'entries',
      conversation: DIRECT,
      entries: [{ kind: 'message', seq: 1, id, author: ALICE.id, at: 5, text: 'hello' }],
      users: [ALICE],
    });
    expect(rows(client, DIRECT)).toEqual(['hello']);
    expect(events.filter(({ type }) => type === 'entry')).toHaveLength(1);
  });

  it('keeps an acked message on the screen while what stands before it is missing', async () => {
    const { client, relay, clock } = await setUpOnline({
      type: 'entries',
      conversation: DIRECT,
      entries: [messageAt(1)],
      users: [],
    });
    const id = client.send(DIRECT, 'hello');
    await settle();
    relay.last.say({ type: 'ack', id, conversation: DIRECT, seq: 3, at: 5 });
    expect(statuses(client.getSnapshot().conversations.get(DIRECT)?.pending)).toEqual(['sending']);
    expect(client.getSnapshot().waitingCount).toBe(0);
    await clock.advance(1_200);
    expect(relay.last.last('history')).toMatchObject({ after: 1, before: 4 });
    expect(rows(client, DIRECT)).toEqual(['message 1', '2-3']);
  });

  it('waits after a retryable refusal and fails for good otherwise, without blocking those behind', async () => {
    const { client, relay, clock } = await setUpOnline();
    const bad = client.send(DIRECT, 'bad');
    await settle();
    const good = client.send(DIRECT, 'good');
    relay.last.say({ type: 'error', code: 'log_unavailable', retryable: true, id: bad, retryAfterMs: 400 });
    await clock.advance(399);
    expect(relay.last.of('send')).toHaveLength(1);
    // And up to half a second of jitter, so that not all who were refused come back together.
    await clock.advance(501);
    expect(relay.last.last('send').messages.map(({ id }) => id)).toEqual([bad, good]);
    relay.last.say({ type: 'error', code: 'not_found', retryable: false, id: bad });
    relay.last.say({ type: 'ack', id: good, conversation: DIRECT, seq: 1, at: 5 });
    expect(client.getSnapshot().conversations.get(DIRECT)?.pending).toMatchObject([
      { id: bad, status: 'failed', reason: 'not_found' },
    ]);
    // Refused for good is the answer to that id: asking again is a new message.
    const again = client.retry(bad)!;
    await settle();
    expect(again).not.toBe(bad);
    expect(relay.last.last('send').messages).toEqual([{ id: again, text: 'bad' }]);
    expect(client.discard(again)).toBe(false);
    relay.last.say({ type: 'error', code: 'not_found', retryable: false, id: again });
    expect(client.discard(again)).toBe(true);
    expect(client.getSnapshot().conversations.get(DIRECT)?.pending).toEqual([]);
  });

  it('comes again within seconds, however long and often it was refused for now', async () => {
    const { client, relay, clock } = await setUp({ random: { ...seededRandom(1), float: () => 0.999 } });
    await relay.last.greet();
    const id = client.send(DIRECT, 'hello');
    await settle();
    for (let times = 1; times <= 12; times += 1) {
      expect(relay.last.of('send')).toHaveLength(times);
      relay.last.say({ type: 'error', code: 'log_unavailable', retryable: true, id, retryAfterMs: 1_000 });
      await clock.advance(9_000);
    }
  });

  it('sends again when no answer comes on a socket that lives', async () => {
    const { client, relay, clock } = await setUpOnline();
    const id = client.send(DIRECT, 'hello');
    await clock.advance(21_000);
    expect(relay.last.of('send').map(({ messages }) => messages[0]?.id)).toEqual([id, id]);
  });

  it('survives a restart, and sends nothing older than a day unasked', async () => {
    const storage = memoryStorage();
    const before = await setUp({ storage });
    await before.relay.last.greet();
    await before.relay.last.end();
    const old = before.client.send(DIRECT, 'old');
    await before.client.stop();
    await before.clock.advance(DAY_MS);
    const meanwhile = await setUp({ storage, clock: before.clock });
    const fresh = meanwhile.client.send(DIRECT, 'fresh');
    await meanwhile.client.stop();
    await before.clock.advance(1);

    const { client, relay } = await setUp({ storage, clock: before.clock });
    await relay.last.greet();
    expect(relay.last.last('hello').device).toBe(before.relay.last.last('hello').device);
    expect(relay.last.last('send').messages.map(({ id }) => id)).toEqual([fresh]);
    expect(client.getSnapshot().conversations.get(DIRECT)?.pending[0]).toMatchObject({ id: old, reason: 'expired' });
    client.retry(old);
    relay.last.say({ type: 'ack', id: fresh, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    expect(relay.last.last('send').messages.map(({ id }) => id)).toEqual([old]);
  });

  it('goes behind what an earlier run left, though the clock was set back and nobody answers', async () => {
    const storage = memoryStorage();
    const before = await setUp({ storage });
    await before.clock.advance(60 * 60 * 1_000);
    const first = before.client.send(DIRECT, 'first');
    await before.client.stop();
    const offline = await setUp({ storage });
    const second = offline.client.send(DIRECT, 'second');
    await offline.client.stop();
    const { relay } = await setUp({ storage, clock: before.clock });
    await relay.last.greet();
    expect(relay.last.of('send').map(({ messages }) => messages.map(({ id }) => id))).toEqual([[first]]);
    relay.last.say({ type: 'ack', id: first, conversation: DIRECT, seq: 1, at: 5 });
    await settle();
    expect(relay.last.last('send').messages.map(({ id }) => id)).toEqual([second]);
  });

  it('never sends what another user wrote on this device', async () => {
    const storage = memoryStorage();
    const alice = await setUp({ storage });
    await alice.relay.last.greet();
    await alice.relay.last.end();
    const hers = alice.client.send(ROOM, 'from Alice');
    await alice.client.stop();

    const bob = await setUp({ storage });
    await bob.relay.last.open();
    bob.relay.last.say(welcome({ me: BOB }), { type: 'caughtUp' });
    await settle();
    expect(bob.relay.last.of('send')).toEqual([]);
    expect(bob.client.getSnapshot().conversations.get(ROOM)).toBeUndefined();
    await bob.client.stop();

    const again = await setUp({ storage });
    await again.relay.last.greet();
    expect(again.relay.last.last('send').messages.map(({ id }) => id)).toEqual([hers]);
  });

  it('refuses the 501st waiting message with a RangeError, and texts that cannot be sent', async () => {
    const { client } = await setUp();
    for (let at = 0; at < 500; at += 1) client.send(DIRECT, `message ${at}`);
    expect(() => client.send(DIRECT, 'one more')).toThrow(/outbox is full: 500/);
    const fresh = await setUp();
    expect(() => fresh.client.send(DIRECT, '  ')).toThrow(RangeError);
    expect(() => fresh.client.send(DIRECT, 'x'.repeat(4_001))).toThrow(RangeError);
    expect(() => fresh.client.send('nowhere', 'x')).toThrow(RangeError);
  });

  it('keeps every frame under the limits', async () => {
    const { client, relay } = await setUp();
    for (let at = 0; at < 60; at += 1) client.send(DIRECT, (at % 2 === 0 ? '\u0001' : '汉').repeat(4_000));
    for (let at = 0; at < 60; at += 1) client.send(ROOM, 'short');
    await settle();
    const acked = new Set<OperationId>();
    await relay.last.greet();
    for (let round = 0; round < 100 && acked.size < 120; round += 1) {
      for (const frame of relay.last.of('send')) {
        expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThanOrEqual(64 * 1024);
        for (const { id } of frame.messages) {
          if (acked.has(id)) continue;
          acked.add(id);
          relay.last.say({ type: 'ack', id, conversation: frame.conversation, seq: acked.size + 1_000, at: 1 });
        }
      }
      await settle();
    }
    expect(acked.size).toBe(120);
  });
});

const statuses = (pending: readonly { status: string }[] | undefined) => pending?.map(({ status }) => status);
