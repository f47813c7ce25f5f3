import { CLOSE_DRAINING, ERRORS, PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import type { Random } from '@parley/protocol/environment';
import { settle } from './support/fake-clock.ts';
import {
  ALICE,
  BOB,
  DIRECT,
  entries,
  messageAt,
  ROOM,
  roomSummary,
  summary,
  welcome,
} from './support/scripted-relay.ts';
import { rows, setUp, setUpOnline } from './support/set-up.ts';

/** Always the end of the jitter's range, so that delays can be named. */
const widest: Random = { float: () => 1, bytes: (count) => new Uint8Array(count) };

describe('connection', () => {
  it('says hello within the open event, cold the first time, with epoch and heads later', async () => {
    const { relay, clock, client } = await setUp();
    expect(client.getSnapshot().connection).toEqual({ status: 'connecting', attempt: 0 });
    await relay.last.greet(summary(7), entries(3, 7), roomSummary(9));
    expect(relay.last.received[0]).toMatchObject({ type: 'hello', version: 1, oldest: 1 });
    expect(relay.last.received[0]).not.toHaveProperty('epoch');
    expect(client.getSnapshot().connection).toEqual({ status: 'online', node: 'n1' });
    await relay.last.end();
    await clock.advance(500);
    await relay.last.open();
    // The room is only known by its summary: nothing of it is held.
    expect(relay.last.received).toMatchObject([{ type: 'hello', epoch: 'e1', heads: [[DIRECT, 7]] }]);
  });

  it('backs off with full jitter up to 30 s and starts over only after a socket stayed up', async () => {
    const { relay, clock, client } = await setUp({ random: widest });
    const delays: number[] = [];
    for (let failure = 0; failure < 8; failure += 1) {
      await relay.last.end();
      const { connection } = client.getSnapshot();
      if (connection.status !== 'waiting') throw new Error(connection.status);
      delays.push(connection.retryInMs);
      await clock.advance(connection.retryInMs);
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    await relay.last.greet();
    await clock.advance(4_000);
    await relay.last.end();
    expect(client.getSnapshot().connection).toMatchObject({ status: 'waiting', attempt: 8 });
    client.reconnectNow();
    await settle();
    await relay.last.greet();
    await clock.advance(5_000);
    await relay.last.end();
    expect(client.getSnapshot().connection).toMatchObject({ status: 'waiting', attempt: 0, retryInMs: 500 });
  });

  it('backs off further and further from a relay that welcomes and falls again', async () => {
    const { relay, clock, client } = await setUp({ random: widest });
    const delays: number[] = [];
    for (let fall = 0; fall < 8; fall += 1) {
      await relay.last.greet();
      await clock.advance(1_000);
      await relay.last.end();
      const { connection } = client.getSnapshot();
      if (connection.status !== 'waiting') throw new Error(connection.status);
      delays.push(connection.retryInMs);
      await clock.advance(connection.retryInMs);
    }
    expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('gives up a socket that opens but never welcomes', async () => {
    const { relay, clock, client } = await setUp();
    await relay.last.open();
    await clock.advance(10_000);
    expect(relay.sockets[0]?.closedWith).toBe(1000);
    expect(['waiting', 'connecting']).toContain(client.getSnapshot().connection.status);
  });

  it('takes two silent pings for a dead link, and any frame for life', async () => {
    const { relay, clock, client } = await setUpOnline();
    expect(relay.last.of('ping')).toHaveLength(1);
    await clock.advance(PING_INTERVAL_MS);
    expect(relay.last.of('ping')).toHaveLength(2);
    relay.last.isDeaf = true;
    await clock.advance(PING_INTERVAL_MS + PONG_TIMEOUT_MS - 1);
    relay.last.say({ type: 'users', users: [] });
    await clock.advance(2 * PONG_TIMEOUT_MS);
    expect(client.getSnapshot().connection.status).toBe('online');
    await clock.advance(PING_INTERVAL_MS);
    expect(relay.sockets[0]?.closedWith).toBe(ERRORS.heartbeat_lost.closeCode);
    expect(client.getSnapshot().connection.status).not.toBe('online');
  });

  it('finds out within one short silence when asked to check the link', async () => {
    const { relay, clock, client } = await setUpOnline();
    await clock.advance(1_000);
    client.checkLink();
    await clock.advance(1_000);
    relay.last.isDeaf = true;
    client.checkLink();
    await clock.advance(PONG_TIMEOUT_MS - 1);
    expect(client.getSnapshot().connection.status).toBe('online');
    await clock.advance(1);
    expect(client.getSnapshot().connection.status).toBe('waiting');
    client.checkLink();
    expect(client.getSnapshot().connection.status).toBe('connecting');
  });

  it('moves to the new socket before it leaves the old one on goaway, and holds everything once', async () => {
    const { relay, clock, client, events } = await setUpOnline(entries(1, 2));
    const old = relay.last;
    old.say({ type: 'goaway', delayMs: 3_000 });
    await clock.advance(3_000);
    expect(relay.sockets).toHaveLength(2);
    old.say(entries(3, 3));
    await relay.last.open();
    expect(relay.last.last('hello').heads).toEqual([[DIRECT, 3]]);
    old.say(entries(4, 4));
    expect(old.closedWith).toBeUndefined();
    relay.last.say(welcome({ node: 'n2' }), entries(4, 5), { type: 'caughtUp' });
    await settle();
    expect(old.closedWith).toBe(1000);
    expect(rows(client, DIRECT)).toEqual([1, 2, 3, 4, 5].map((seq) => `message ${seq}`));
    const states = events.flatMap((event) => (event.type === 'connection' ? [event.connection.status] : []));
    expect(states).toEqual(['connecting', 'catchingUp', 'online', 'online']);
    client.send(DIRECT, 'hello');
    await settle();
    expect(relay.last.of('send')).toHaveLength(1);
  });

  it.each(['the new one is caught up', 'the old one breaks'])(
    'moves on in time from a node that says goaway while it takes over: %s',
    async (why) => {
      const { relay, clock } = await setUpOnline(entries(1, 2));
      const old = relay.last;
      old.say({ type: 'goaway', delayMs: 0 });
      await clock.advance(0);
      const second = relay.last;
      await second.open();
      second.say(welcome({ node: 'n2' }), { type: 'goaway', delayMs: 3_000 });
      await clock.advance(1_000);
      if (why === 'the old one breaks') await old.end(CLOSE_DRAINING);
      second.say({ type: 'caughtUp' });
      await clock.advance(1_999);
      expect(relay.sockets).toHaveLength(2);
      await clock.advance(1);
      expect(relay.sockets).toHaveLength(3);
      expect(second.closedWith).toBeUndefined();
      await relay.last.greet();
      expect(second.closedWith).toBe(1000);
      await clock.advance(10_000);
      expect(relay.sockets).toHaveLength(3);
    },
  );

  it('does not move again for the goaway of a node that it has left', async () => {
    const { relay, clock } = await setUpOnline(entries(1, 2));
    const old = relay.last;
    old.say({ type: 'goaway', delayMs: 0 });
    await clock.advance(0);
    old.say({ type: 'goaway', delayMs: 2_000 });
    await relay.last.greet();
    await clock.advance(10_000);
    expect(relay.sockets).toHaveLength(2);
  });

  it('does not move again for the goaway of a node that fell while it took over', async () => {
    const { relay, clock } = await setUpOnline(entries(1, 2));
    relay.last.say({ type: 'goaway', delayMs: 0 });
    await clock.advance(0);
    await relay.last.open();
    relay.last.say(welcome({ node: 'n2' }), { type: 'goaway', delayMs: 4_000 });
    await relay.last.end();
    await clock.advance(500);
    expect(relay.sockets).toHaveLength(3);
    await relay.last.greet();
    await clock.advance(10_000);
    expect(relay.sockets).toHaveLength(3);
  });

  it('loses nothing when the handover fails', async () => {
    const { relay, clock, client } = await setUpOnline(entries(1, 2));
    const old = relay.last;
    old.say({ type: 'goaway', delayMs: 0 });
    await clock.advance(0);
    await relay.last.open();
    old.say(entries(3, 3));
    await relay.last.end();
    expect(rows(client, DIRECT)).toEqual(['message 1', 'message 2', 'message 3']);
    await old.end(CLOSE_DRAINING);
    await clock.advance(1_000);
    await relay.last.open();
    expect(relay.last.last('hello').heads).toEqual([[DIRECT, 3]]);
  });

  it('stops where the close code says that coming back would end the same way', async () => {
    const { relay, client, clock } = await setUpOnline();
    const question = client.listRooms();
    const refused = expect(question).rejects.toMatchObject({ name: 'NoAnswerError', reason: 'stopped' });
    await relay.last.end(4502);
    await refused;
    expect(client.getSnapshot().connection).toEqual({ status: 'stopped', code: 'session_expired' });
    await clock.advance(60_000);
    expect(relay.sockets).toHaveLength(1);
    client.start();
    await settle();
    expect(relay.sockets).toHaveLength(2);
  });

  it('stops as not signed in when upgrades fail and the session says so', async () => {
    const asked: string[] = [];
    const { relay, client } = await setUp({
      fetch: (url) => {
        asked.push(url);
        return Promise.resolve({ status: 401, json: () => Promise.resolve({ code: 'not_signed_in' }) });
      },
    });
    await relay.last.end();
    expect(asked).toEqual(['http://relay.test/api/session']);
    expect(client.getSnapshot().connection).toEqual({ status: 'stopped', code: 'not_signed_in' });
  });

  it('drops what it holds on resync, but not the outbox', async () => {
    const { relay, client, clock, events } = await setUpOnline(entries(1, 3));
    client.send(DIRECT, 'waiting');
    await relay.last.end();
    await clock.advance(500);
    await relay.last.open();
    relay.last.say(welcome({ epoch: 'e2', resync: 'epoch' }), summary(1), { type: 'caughtUp' });
    await settle();
    expect(rows(client, DIRECT)).toEqual([]);
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ head: 1, hasEarlier: true });
    expect(relay.last.of('send')).toHaveLength(1);
    expect(events).toContainEqual({ type: 'resync', reason: 'epoch' });
  });

  it('starts over when somebody else has signed in meanwhile', async () => {
    const { relay, client, clock } = await setUpOnline(entries(1, 3), roomSummary(4));
    await relay.last.end();
    client.send(DIRECT, 'from Alice');
    await clock.advance(500);
    await relay.last.open();
    relay.last.say(welcome({ me: BOB }));
    await settle();
    expect(relay.sockets).toHaveLength(3);
    await relay.last.open();
    expect(relay.last.last('hello').heads).toEqual([]);
    relay.last.say(welcome({ me: BOB }), { type: 'caughtUp' });
    await settle();
    expect(relay.last.of('send')).toEqual([]);
    expect(client.getSnapshot().me).toEqual(BOB);
    expect([...client.getSnapshot().conversations.keys()]).toEqual([]);
    expect(client.getSnapshot().users.has(ALICE.id)).toBe(false);
  });

  it('reports frames that it cannot read and ignores those that it does not know', async () => {
    const { relay, events, client } = await setUpOnline(roomSummary(2));
    relay.last.sayText('{"type":"fromTheFuture","x":1}');
    relay.last.sayText(JSON.stringify({ type: 'entries', conversation: ROOM, entries: [{ kind: 'poll' }], users: [] }));
    relay.last.say({ type: 'entries', conversation: ROOM, entries: [messageAt(3)], users: [] });
    expect(events.filter(({ type }) => type === 'undecodable')).toHaveLength(1);
    expect(rows(client, ROOM)).toEqual(['message 3']);
  });

  it('leaves no timer behind after stop', async () => {
    const { client, clock, relay } = await setUpOnline(entries(1, 1));
    client.typing(DIRECT);
    client.send(DIRECT, 'hello');
    await settle();
    await client.stop();
    expect(client.getSnapshot().connection).toEqual({ status: 'stopped' });
    expect(relay.last.closedWith).toBe(1000);
    expect(clock.pendingTimers).toBe(0);
  });
});
