/** The replay of a user who is in very many conversations: anybody can bring that about. */
import { directConversationId, makeOperationId, makeRoomId, makeUserId } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeHead, type RecordKind } from '../../src/log/record.ts';
import { settled } from '../support/fake-clock.ts';
import { TestNode, type TestSession } from '../support/node.ts';

let test: TestNode;
beforeEach(async () => {
  test = await TestNode.start();
});
afterEach(() => test.stop());

const newUser = (): string => makeUserId(test.random);

function append(key: string, kind: RecordKind, author: string, body: string, at = 1): Promise<void> {
  const id = makeOperationId(test.clock, test.random);
  return test.log.append({ key, head: makeHead(kind, { id, author, at }), body: Buffer.from(body) });
}

async function applied(): Promise<void> {
  const view = { isReached: false };
  const ends = await test.log.ends();
  void test.node.services?.applier.reached(ends).then(() => (view.isReached = true));
  while (!view.isReached) {
    await settled();
    // A busy node lets records gather for a moment.
    test.clock.advance(1);
  }
}

/** Strangers each write to the user, one after the other. */
async function strangersWrite(to: string, count: number): Promise<string[]> {
  const conversations = Array.from({ length: count }, () => {
    const stranger = newUser();
    return { id: directConversationId(to, stranger), stranger };
  });
  await Promise.all(conversations.map(({ id, stranger }, at) => append(id, 'message', stranger, 'hi', at + 1)));
  await applied();
  return conversations.map(({ id }) => id);
}

async function makeRooms(owner: string, count: number): Promise<string[]> {
  const rooms = Array.from({ length: count }, () => makeRoomId(test.random));
  const body = JSON.stringify({ name: 'Room', visibility: 'public' });
  await Promise.all(rooms.map((room) => append(room, 'roomCreated', owner, body)));
  await applied();
  return rooms;
}

const summaries = (session: TestSession) =>
  session.socket.frames.flatMap((frame) => (frame.type === 'conversations' ? frame.conversations : []));
const seqsIn = (session: TestSession, conversation: string): number[] =>
  session.socket.frames.flatMap((frame) =>
    frame.type === 'entries' && frame.conversation === conversation ? frame.entries.map(({ seq }) => seq) : [],
  );

/** Runs until the session is caught up; what is done in each turn meanwhile is the caller's. */
async function eachTurnUntilCaughtUp(session: TestSession, inTurn: (turn: number) => void): Promise<void> {
  for (let turn = 0; !session.types.includes('caughtUp'); turn += 1) {
    inTurn(turn);
    await settled();
    test.clock.advance(1);
  }
}

it('is done in turns, each of them short, the most recently active first', async () => {
  const victim = newUser();
  const conversations = await strangersWrite(victim, 2_000);
  const { queries } = test.node.services ?? {};
  if (queries === undefined) throw new Error('the node has not started');
  const listing = vi.spyOn(queries, 'conversationsOf');
  const describing = vi.spyOn(queries, 'describe');
  const session = test.open(victim);
  session.hello();
  const [listed, described]: [number[], number[]] = [[], []];
  await eachTurnUntilCaughtUp(session, () => {
    listed.push(listing.mock.calls.reduce((rows, [, { limit }]) => rows + limit, 0));
    described.push(describing.mock.calls.length);
    listing.mockClear();
    describing.mockClear();
  });
  expect(Math.max(...listed)).toBeGreaterThan(0);
  expect(Math.max(...listed)).toBeLessThan(1_000);
  expect(Math.max(...described)).toBeGreaterThan(0);
  expect(Math.max(...described)).toBeLessThan(200);
  expect(summaries(session).map(({ id }) => id)).toEqual(conversations.toReversed());
});

it('waits for a hundred sessions of one user no longer than for one of them', async () => {
  const [attacker, honest] = [newUser(), newUser()];
  await test.enter(honest);
  await strangersWrite(attacker, 200);
  await strangersWrite(honest, 1);
  const many = Array.from({ length: 100 }, () => test.open(attacker));
  for (const session of many) session.hello();
  while (many.some(({ session }) => session.state !== 'open')) await settled();
  const session = test.open(honest);
  session.hello();
  let turns = 0;
  await eachTurnUntilCaughtUp(session, () => (turns += 1));
  expect(turns).toBeLessThan(10);
  expect(summaries(session)).toHaveLength(1);
  expect(many.filter((other) => other.types.includes('caughtUp'))).toEqual([]);
});

it('looks at what a client holds in turns too', async () => {
  const victim = newUser();
  const conversations = await strangersWrite(victim, 800);
  const { queries, epoch = '' } = test.node.services ?? {};
  if (queries === undefined) throw new Error('the node has not started');
  const session = test.open(victim);
  const looking = vi.spyOn(queries, 'access');
  session.hello({ epoch, heads: conversations.map((id) => [id, 1]) });
  const looked: number[] = [];
  await eachTurnUntilCaughtUp(session, () => {
    looked.push(looking.mock.calls.length);
    looking.mockClear();
  });
  expect(Math.max(...looked)).toBeGreaterThan(0);
  expect(Math.max(...looked)).toBeLessThan(400);
});

describe('while the rooms are listed', () => {
  const HELD = 1;

  it('what comes in them is replayed or comes live, without a hole, and the last word of each room is true', async () => {
    const [user, other] = [newUser(), newUser()];
    await test.enter(user);
    const rooms = await makeRooms(user, 3_000);
    const watched = Array.from({ length: 30 }, (_, at) => rooms[at * 100 + 50] ?? '');
    for (const room of watched) await append(room, 'memberJoined', other, '{}');
    await applied();
    const joined = await makeRooms(other, 30);
    const { queries, epoch = '' } = test.node.services ?? {};
    const session = test.open(user);
    session.hello({ epoch, heads: watched.map((room) => [room, HELD]) });
    await session.until('welcome');
    expect(session.session.replay?.isListing).toBe(true);
    await eachTurnUntilCaughtUp(session, (turn) => {
      if (turn >= 12) return;
      for (const room of watched) void append(room, 'message', other, `in turn ${turn}`);
      for (const room of joined) void append(room, 'message', other, `in turn ${turn}`);
      // From both ends of the list and its middle.
      void append(watched[(turn * 7) % 30] ?? '', 'memberLeft', user, '{}');
      void append(joined[turn] ?? '', 'memberJoined', user, '{}');
    });
    await applied();
    await settled();
    test.clock.advance(1);
    for (const room of [...watched, ...joined]) {
      const access = queries?.access(user, room);
      // In the room that it joined, the session has seen everything since then.
      const since = access?.conversation.room?.members.get(user) ?? HELD + 1;
      const from = watched.includes(room) ? HELD + 1 : since;
      const wanted = Array.from({ length: (access?.upTo ?? 0) - from + 1 }, (_, at) => from + at);
      expect(seqsIn(session, room).toSorted((one, two) => one - two)).toEqual(access === undefined ? [] : wanted);
      const told = summaries(session).findLast(({ id }) => id === room);
      expect(told?.kind === 'room' && told.joined).toBe(access?.isMember ?? false);
    }
  });

  it('what is written waits, so that it comes back as an entry', async () => {
    const user = newUser();
    const rooms = await makeRooms(user, 3_000);
    const last = rooms.at(-1) ?? '';
    const session = test.open(user);
    session.hello();
    session.say({ type: 'ping', n: 1 });
    const id = makeOperationId(test.clock, test.random);
    session.say({ type: 'send', conversation: last, messages: [{ id, text: 'hi' }] });
    await session.until('pong');
    expect(summaries(session)).toEqual([]);
    await session.until('ack');
    await settled();
    test.clock.advance(1);
    expect(seqsIn(session, last)).toEqual([2]);
  });
});
