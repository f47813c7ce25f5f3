import type { RelayFrame } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { settle } from './support/fake-clock.ts';
import { ALICE, BOB, DIRECT, entries, messageAt, range, ROOM, roomSummary, summary } from './support/scripted-relay.ts';
import { rows, setUp, setUpOnline } from './support/set-up.ts';

const CAROL = { id: 'u_CCCCCCCCCCCCCCCCCCCCCA', name: 'Carol' };

const presence = (more: Partial<Extract<RelayFrame, { type: 'presence' }>> = {}): RelayFrame => ({
  type: 'presence',
  snapshot: true,
  presences: [],
  users: [],
  onlineCount: 0,
  stale: false,
  ...more,
});

const at = (seq: number) => ({ seq, id: messageAt(seq).id, at: seq });

describe('history', () => {
  it('loads the newest page of a conversation that came as a summary, and older ones before it', async () => {
    const { client, relay, events } = await setUpOnline(summary(120));
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ timeline: [], hasEarlier: true, head: 120 });
    const loading = client.loadEarlier(DIRECT);
    expect(client.loadEarlier(DIRECT)).toBe(loading);
    const asked = relay.last.last('history');
    expect(asked).toMatchObject({ before: 121, after: 0, limit: 50 });
    relay.last.say({ ...asked, type: 'history', entries: range(71, 120), users: [BOB] });
    await loading;
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ hasEarlier: true });
    expect(events.filter((event) => event.type === 'entry' && event.via === 'fetch')).toHaveLength(50);
    const older = client.loadEarlier(DIRECT);
    expect(relay.last.last('history')).toMatchObject({ before: 71 });
    relay.last.say({ ...relay.last.last('history'), type: 'history', entries: range(1, 70), users: [BOB] });
    await older;
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ hasEarlier: false });
    await client.loadEarlier(DIRECT);
    expect(relay.last.of('history')).toHaveLength(2);
  });

  it('shows a gap between live entries and fetches it by itself, once', async () => {
    const { client, relay, clock } = await setUpOnline(entries(1, 2));
    relay.last.say(entries(6, 6), entries(6, 7));
    expect(rows(client, DIRECT)).toEqual(['message 1', 'message 2', '3-5', 'message 6', 'message 7']);
    await clock.advance(100);
    expect(relay.last.of('history')).toMatchObject([{ after: 2, before: 6 }]);
    relay.last.say({ ...relay.last.last('history'), type: 'history', entries: range(3, 5), users: [BOB] });
    await clock.advance(1_000);
    expect(rows(client, DIRECT)).toEqual(range(1, 7).map(({ seq }) => `message ${seq}`));
    expect(relay.last.of('history')).toHaveLength(1);
  });

  it('pages a replay hole after caughtUp, the newest first, and leaves a huge one to loadHole', async () => {
    const { client, relay, clock } = await setUp();
    await relay.last.greet(entries(1, 2));
    await relay.last.end();
    await clock.advance(500);
    const hole: RelayFrame = { type: 'hole', conversation: DIRECT, from: 3, to: 150 };
    await relay.last.greet(summary(350), hole, entries(151, 250), entries(251, 350));
    expect(rows(client, DIRECT).slice(0, 4)).toEqual(['message 1', 'message 2', '3-150', 'message 151']);
    await clock.advance(100);
    expect(relay.last.last('history')).toMatchObject({ after: 2, before: 151, limit: 100 });
    relay.last.say({ ...relay.last.last('history'), type: 'history', entries: range(51, 150), users: [] });
    await settle();
    expect(relay.last.last('history')).toMatchObject({ after: 2, before: 51 });
    relay.last.say({ ...relay.last.last('history'), type: 'history', entries: range(3, 50), users: [] });
    await settle();
    expect(rows(client, DIRECT)).toHaveLength(350);

    relay.last.say(entries(5_000, 5_000));
    await clock.advance(1_000);
    expect(relay.last.of('history')).toHaveLength(2);
    const loading = client.loadHole(DIRECT, { from: 351, to: 4_999 });
    relay.last.say({ ...relay.last.last('history'), type: 'history', entries: range(4_900, 4_999), users: [] });
    await loading;
    expect(rows(client, DIRECT)[350]).toBe('351-4899');
  });

  it('loads each hole that is asked for, and the same one once', async () => {
    const { client, relay } = await setUpOnline(
      summary(9_000),
      entries(1, 1),
      entries(3_000, 3_000),
      entries(9_000, 9_000),
    );
    const [older, newer] = [
      { from: 2, to: 2_999 },
      { from: 3_001, to: 8_999 },
    ];
    const loading = [
      client.loadHole(DIRECT, newer),
      client.loadHole(DIRECT, older),
      client.loadHole(DIRECT, { ...older }),
    ];
    const asked = relay.last.of('history');
    expect(asked.map(({ after, before }) => [after, before])).toEqual([
      [3_000, 9_000],
      [1, 3_000],
    ]);
    for (const frame of asked) {
      const entriesBefore = range(frame.before - 100, frame.before - 1);
      relay.last.say({ ...frame, type: 'history', entries: entriesBefore, users: [] });
    }
    await Promise.all(loading);
    expect(rows(client, DIRECT).filter((row) => row.includes('-'))).toEqual(['2-2899', '3001-8899']);
  });

  it('asks again on the next socket when the first went away before the answer', async () => {
    const { client, relay, clock } = await setUpOnline(summary(3));
    const loading = client.loadEarlier(DIRECT);
    await relay.last.end();
    await clock.advance(500);
    await relay.last.greet(summary(4));
    const asked = relay.last.last('history');
    expect(asked.before).toBe(5);
    relay.last.say({ ...asked, type: 'history', entries: range(1, 4), users: [] });
    await loading;
    expect(rows(client, DIRECT)).toHaveLength(4);
  });

  it('tells at once what waiting does not help with', async () => {
    const { client, relay } = await setUpOnline();
    const joining = client.joinRoom(ROOM);
    const { id } = relay.last.last('joinRoom');
    relay.last.say({ type: 'error', code: 'too_many_rooms', retryable: true, id });
    await expect(joining).rejects.toMatchObject({ name: 'RefusedError', code: 'too_many_rooms', retryable: true });
  });

  it('gives up after a bounded time, and stops asking for what is refused', async () => {
    const { client, relay, clock } = await setUpOnline(entries(1, 1), entries(3, 3));
    await clock.advance(100);
    relay.last.say({ type: 'error', code: 'not_found', retryable: false, request: relay.last.last('history').request });
    await clock.advance(5_000);
    expect(relay.last.of('history')).toHaveLength(1);
    const loading = client.loadEarlier(ROOM);
    await expect(loading).resolves.toBeUndefined();
    const listing = client.listRooms();
    const givenUp = expect(listing).rejects.toMatchObject({ name: 'NoAnswerError', reason: 'timeout' });
    await clock.advance(30_000);
    await givenUp;
  });
});

describe('people', () => {
  it('replays the watch to every socket and follows snapshots and changes', async () => {
    const { client, relay, clock, events } = await setUp();
    client.watch({ lobby: true, users: [BOB.id] });
    await relay.last.greet();
    expect(relay.last.of('watch')).toEqual([{ type: 'watch', lobby: true, users: [BOB.id] }]);
    client.watch({ lobby: true, users: [BOB.id] });
    expect(relay.last.of('watch')).toHaveLength(1);
    const online = [ALICE, BOB].map(({ id }) => ({ user: id, state: 'online' as const }));
    relay.last.say(presence({ presences: online, users: [BOB], onlineCount: 2 }));
    expect(client.getSnapshot()).toMatchObject({ onlineCount: 2, presenceStale: false });
    const away = { user: BOB.id, state: 'away' as const };
    relay.last.say(presence({ snapshot: false, presences: [away], onlineCount: 2, stale: true }));
    expect(client.getSnapshot().presences.get(BOB.id)).toEqual(away);
    expect(client.getSnapshot().presenceStale).toBe(true);
    relay.last.say(presence({ presences: online.slice(0, 1), onlineCount: 1 }));
    expect(client.getSnapshot().presences.has(BOB.id)).toBe(false);
    expect(events).toContainEqual({ type: 'presence', presence: { user: BOB.id, state: 'offline' } });

    await relay.last.end();
    await clock.advance(9_000);
    expect(client.getSnapshot().presenceStale).toBe(false);
    await clock.advance(2_000);
    expect(client.getSnapshot().presenceStale).toBe(true);
    await relay.last.greet(presence());
    expect(relay.last.of('watch')).toHaveLength(1);
    expect(client.getSnapshot().presenceStale).toBe(false);
  });

  it('thins out own typing, and forgets that of others after two intervals or with their message', async () => {
    const { client, relay, clock } = await setUpOnline(summary(0));
    client.typing(DIRECT);
    client.typing(DIRECT);
    await clock.advance(3_000);
    client.typing(DIRECT);
    expect(relay.last.of('typing')).toHaveLength(2);
    const typing = () => client.getSnapshot().conversations.get(DIRECT)?.typing;
    relay.last.say({ type: 'typing', conversation: DIRECT, user: BOB.id });
    relay.last.say({ type: 'typing', conversation: DIRECT, user: ALICE.id });
    await clock.advance(4_000);
    relay.last.say({ type: 'typing', conversation: DIRECT, user: BOB.id });
    await clock.advance(5_999);
    expect(typing()).toEqual([BOB.id]);
    await clock.advance(1);
    expect(typing()).toEqual([]);
    relay.last.say({ type: 'typing', conversation: DIRECT, user: BOB.id }, entries(1, 1));
    expect(typing()).toEqual([]);
  });

  it('shows who types in a conversation that has not begun, without listing it', async () => {
    const { client, relay, clock } = await setUpOnline(roomSummary(1));
    relay.last.say({ type: 'typing', conversation: DIRECT, user: BOB.id });
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ typing: [BOB.id], hasEarlier: false });
    expect(client.getSnapshot().order).toEqual([ROOM]);
    await clock.advance(6_000);
    expect(client.getSnapshot().conversations.get(DIRECT)).toBeUndefined();
    relay.last.say({ type: 'typing', conversation: DIRECT, user: BOB.id });
    client.send(DIRECT, 'me first');
    expect(client.getSnapshot().order).toEqual([DIRECT, ROOM]);
    expect(client.getSnapshot().conversations.get(DIRECT)?.typing).toEqual([BOB.id]);
  });

  it('joins presences to the rows of a people page', async () => {
    const { client, relay } = await setUpOnline();
    const listing = client.listPeople({ search: 'b', limit: 999 });
    const asked = relay.last.last('people');
    expect(asked).toMatchObject({ search: 'b', limit: 100 });
    const { request } = asked;
    const presences = [{ user: BOB.id, state: 'away' as const }];
    relay.last.say({ type: 'people', request, users: [BOB, CAROL], presences, next: 'more' });
    expect(await listing).toEqual({
      rows: [
        { ...BOB, presence: presences[0] },
        { ...CAROL, presence: { user: CAROL.id, state: 'offline' } },
      ],
      next: 'more',
    });
    expect(client.getSnapshot().users.get(CAROL.id)).toEqual(CAROL);
    relay.last.say({ type: 'users', users: [{ ...ALICE, name: 'Alicia' }] });
    expect(client.getSnapshot().me).toEqual({ ...ALICE, name: 'Alicia' });
  });
});

describe('rooms and read positions', () => {
  it('repeats a command with its id over reconnects and refusals for now, until it is answered', async () => {
    const { client, relay, clock } = await setUpOnline();
    const creating = client.createRoom('  Tea ', 'public');
    const first = relay.last.last('createRoom');
    expect(first.name).toBe('Tea');
    relay.last.say({ type: 'error', code: 'log_unavailable', retryable: true, id: first.id, retryAfterMs: 100 });
    await clock.advance(99);
    expect(relay.last.of('createRoom')).toEqual([first]);
    await clock.advance(501);
    expect(relay.last.of('createRoom')).toEqual([first, first]);
    await relay.last.end();
    await clock.advance(500);
    await relay.last.greet();
    expect(relay.last.of('createRoom')).toEqual([first]);
    relay.last.say({ type: 'ack', id: first.id, conversation: first.conversation, seq: 1, at: 1 });
    expect(await creating).toBe(first.conversation);

    const joining = client.joinRoom(ROOM, 'IIIIIIIIIIIIIIIIIIIIIA');
    const { id, invite } = relay.last.last('joinRoom');
    expect(invite).toBe('IIIIIIIIIIIIIIIIIIIIIA');
    relay.last.say({ type: 'error', code: 'invite_invalid', retryable: false, id });
    await expect(joining).rejects.toMatchObject({ name: 'RefusedError', code: 'invite_invalid', retryable: false });
    await expect(client.renameRoom(ROOM, '\u202e')).rejects.toThrow(RangeError);
  });

  it('answers a new invite link with its token', async () => {
    const { client, relay } = await setUpOnline();
    const replacing = client.replaceInvite(ROOM);
    const { id } = relay.last.last('replaceInvite');
    relay.last.say({ type: 'ack', id, conversation: ROOM, seq: 9, at: 1 });
    await settle();
    const { request } = relay.last.last('invite');
    relay.last.say({ type: 'invite', request, conversation: ROOM, invite: 'IIIIIIIIIIIIIIIIIIIIIA' });
    expect(await replacing).toBe('IIIIIIIIIIIIIIIIIIIIIA');
  });

  it('moves the read position forward only, thinned out, and tells a relay that is behind again', async () => {
    const { client, relay, clock } = await setUpOnline(summary(10, { readUpTo: 4 }), entries(8, 10));
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ readUpTo: 4, unreadCount: 6 });
    for (const seq of [3, 8, 9, 99]) client.markRead(DIRECT, seq);
    expect(client.getSnapshot().conversations.get(DIRECT)).toMatchObject({ readUpTo: 10, unreadCount: 0 });
    await clock.advance(1_000);
    expect(relay.last.of('read').map(({ seq }) => seq)).toEqual([8, 10]);
    await relay.last.end();
    await clock.advance(500);
    await relay.last.greet(summary(10, { readUpTo: 8 }));
    expect(relay.last.of('read').map(({ seq }) => seq)).toEqual([10]);
    relay.last.say({ type: 'readPosition', conversation: DIRECT, user: ALICE.id, seq: 10 });
    relay.last.say({ type: 'readPosition', conversation: DIRECT, user: BOB.id, seq: 7 });
    relay.last.say({ type: 'readPosition', conversation: DIRECT, user: BOB.id, seq: 6 });
    expect(client.getSnapshot().conversations.get(DIRECT)?.reads).toEqual(new Map([[BOB.id, 7]]));
    await relay.last.end();
    await clock.advance(1_500);
    await relay.last.greet();
    expect(relay.last.of('read')).toEqual([]);
  });
});

it('takes what was written before joining a room as read', async () => {
  const { client, relay } = await setUpOnline();
  const joined = { kind: 'memberJoined' as const, ...at(40), author: ALICE.id };
  relay.last.say(roomSummary(40), { type: 'entries', conversation: ROOM, entries: [joined], users: [] });
  expect(client.getSnapshot().conversations.get(ROOM)).toMatchObject({ unreadCount: 0, readUpTo: 40 });
  expect(relay.last.of('read')).toEqual([{ type: 'read', conversation: ROOM, seq: 40 }]);
});

describe('snapshots', () => {
  it('tells listeners at most once a microtask and keeps what did not change', async () => {
    const { client, relay } = await setUpOnline(summary(1), roomSummary(0));
    let calls = 0;
    const off = client.subscribe(() => (calls += 1));
    const before = client.getSnapshot();
    expect(client.getSnapshot()).toBe(before);
    relay.last.say(entries(2, 2), entries(3, 3), entries(4, 4));
    expect(calls).toBe(0);
    await settle();
    expect(calls).toBe(1);
    const after = client.getSnapshot();
    expect(after.conversations.get(ROOM)).toBe(before.conversations.get(ROOM));
    expect(after.users).toBe(before.users);
    expect(after.order).toBe(before.order);
    expect(before.conversations.get(DIRECT)?.timeline).toHaveLength(0);
    off();
    relay.last.say(entries(5, 5));
    await settle();
    expect(calls).toBe(1);
  });

  it('orders conversations by the newest entry or pending message', async () => {
    const { client, relay } = await setUpOnline(summary(5), roomSummary(3, { last: messageAt(3) }));
    expect(client.getSnapshot().order).toEqual([DIRECT, ROOM]);
    client.send(ROOM, 'newest');
    expect(client.getSnapshot().order).toEqual([ROOM, DIRECT]);
    const soon = { ...messageAt(6), at: Date.UTC(2026, 10, 25) };
    relay.last.say({ type: 'entries', conversation: DIRECT, entries: [soon], users: [] });
    expect(client.getSnapshot().order).toEqual([DIRECT, ROOM]);
  });

  it('keeps a room as entries change it', async () => {
    const { client, relay } = await setUpOnline(roomSummary(1));
    relay.last.say({
      type: 'entries',
      conversation: ROOM,
      entries: [
        { kind: 'memberJoined', ...at(2), author: CAROL.id },
        { kind: 'roomRenamed', ...at(3), author: BOB.id, name: 'Coffee' },
        { kind: 'memberLeft', ...at(4), author: ALICE.id },
      ],
      users: [CAROL],
    });
    expect(client.getSnapshot().conversations.get(ROOM)?.details).toMatchObject({
      name: 'Coffee',
      memberCount: 2,
      joined: false,
      head: 4,
      last: { kind: 'memberLeft' },
    });
  });
});
