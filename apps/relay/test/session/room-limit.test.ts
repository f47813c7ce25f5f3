import { makeOperationId, makeRoomId, makeUserId, ROOMS_MAX_PER_USER } from '@parley/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeHead } from '../../src/log/record.ts';
import { TestNode } from '../support/node.ts';

let test: TestNode;
beforeEach(async () => {
  test = await TestNode.start();
});
afterEach(() => test.stop());

const newId = (): string => makeOperationId(test.clock, test.random);

it('a user in as many rooms as one may be makes and joins no other, until one was left; repeats are answered', async () => {
  const [ann, ben] = [makeUserId(test.random), makeUserId(test.random)];
  const bens = await test.enter(ben);
  const [first, other] = [makeRoomId(test.random), makeRoomId(test.random)];
  bens.say({ type: 'createRoom', id: newId(), conversation: other, name: 'Tea', visibility: 'public' });
  await bens.until('ack');
  const anns = await test.enter(ann);
  await Promise.all(
    Array.from({ length: ROOMS_MAX_PER_USER - 1 }, () => {
      const body = Buffer.from('{"name":"Room","visibility":"private"}');
      const head = makeHead('roomCreated', { id: newId(), author: ann, at: 1 });
      return test.log.append({ key: makeRoomId(test.random), head, body });
    }),
  );
  const make = { type: 'createRoom' as const, name: 'Tea', visibility: 'public' as const };
  const made = { ...make, id: newId(), conversation: first };
  anns.say(made);
  await anns.until('ack');
  const join = { type: 'joinRoom' as const, id: newId(), conversation: other };
  const before = await test.log.ends();
  // On a session that has just come, too, before it was told of any room.
  const again = test.open(ann);
  again.hello();
  for (const session of [anns, again]) {
    session.say({ ...make, id: newId(), conversation: makeRoomId(test.random) });
    expect(await session.until('error')).toMatchObject({ code: 'too_many_rooms', retryable: true });
    session.say(join);
    expect(await session.until('error')).toMatchObject({ code: 'too_many_rooms', id: join.id });
  }
  expect(await test.log.ends()).toEqual(before);
  again.say(made);
  expect(await again.until('ack')).toMatchObject({ id: made.id, seq: 1 });
  again.say({ type: 'leaveRoom', id: newId(), conversation: first });
  await again.until('ack');
  again.say(join);
  expect(await again.until('ack')).toMatchObject({ id: join.id, seq: 2 });
});
