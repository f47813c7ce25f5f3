/** Operations that are asked for again: the first answer is the answer, whatever came since. */
import { directConversationId, makeOperationId, makeRoomId, makeToken, makeUserId } from '@parley/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UNKNOWN_AFTER_MS } from '../../src/session/newcomers.ts';
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

async function room(visibility: 'public' | 'private'): Promise<string> {
  const conversation = makeRoomId(test.random);
  anns.say({ type: 'createRoom', id: newId(), conversation, name: 'Tea', visibility });
  await anns.until('ack');
  return conversation;
}

describe('an operation asked for again', () => {
  it('is refused by no node that is behind: what is in the log already decides', async () => {
    const conversation = await room('public');
    test.holdView();
    const [before] = (await test.log.ends()).log;
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    while ((await test.log.ends()).log[0] === before) await settled();
    const id = newId();
    bens.say({ type: 'send', conversation, messages: [{ id, text: 'I am in' }] });
    await settled();
    expect(bens.fresh()).toEqual([]);
    test.releaseView();
    for (let ack = await bens.until('ack'); ack.id !== id; ack = await bens.until('ack'));
  });

  it('stays refused, though it would be allowed by now', async () => {
    const conversation = await room('public');
    const id = newId();
    const message = { type: 'send' as const, conversation, messages: [{ id, text: 'let me in' }] };
    bens.say(message);
    const refused = await bens.until('error');
    expect(refused).toMatchObject({ code: 'not_found', id });
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    await bens.until('ack');
    bens.say(message);
    expect(await bens.until('error')).toEqual(refused);
  });

  it('stays refused where nobody was known, though somebody is by now', async () => {
    bens.socket.onPing = () => bens.session.heard();
    const cat = makeUserId(test.random);
    const conversation = directConversationId(ben, cat);
    const message = (id: string) => ({ type: 'send' as const, conversation, messages: [{ id, text: 'anybody?' }] });
    const id = newId();
    bens.say(message(id));
    // Somebody who was just named may not have come here yet.
    expect(await bens.until('error')).toMatchObject({ code: 'log_unavailable', retryable: true, id });
    await test.clock.pass(UNKNOWN_AFTER_MS);
    bens.say(message(id));
    const refused = await bens.until('error');
    expect(refused).toMatchObject({ code: 'not_found', id });
    await test.enter(cat, {}, 'Cat');
    bens.say(message(id));
    expect(await bens.until('error')).toEqual(refused);
    bens.say(message(newId()));
    expect((await bens.until('ack')).seq).toBe(1);
  });

  it('gets its first answer, though its author has left since', async () => {
    const conversation = await room('public');
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    await bens.until('ack');
    const message = { type: 'send' as const, conversation, messages: [{ id: newId(), text: 'once' }] };
    bens.say(message);
    const first = await bens.until('ack');
    const leave = { type: 'leaveRoom' as const, id: newId(), conversation };
    bens.say(leave);
    const left = await bens.until('ack');
    bens.say(message);
    expect(await bens.until('ack')).toEqual(first);
    bens.say(leave);
    expect(await bens.until('ack')).toEqual(left);
    const late = newId();
    bens.say({ ...message, messages: [{ id: late, text: 'late' }] });
    expect(await bens.until('error')).toMatchObject({ code: 'not_a_member', id: late });
  });

  it('with another content while the first is under way is told that they differ', async () => {
    const conversation = directConversationId(ann, ben);
    const id = newId();
    anns.say({ type: 'send', conversation, messages: [{ id, text: 'one' }] });
    anns.say({ type: 'send', conversation, messages: [{ id, text: 'two' }] });
    expect(await anns.until('ack')).toMatchObject({ id, seq: 1 });
    expect(await anns.until('error')).toMatchObject({ id, code: 'idempotency_conflict' });
  });

  it('to replace an invite makes one invite', async () => {
    const conversation = await room('private');
    const replace = { type: 'replaceInvite' as const, id: newId(), conversation };
    anns.say(replace);
    const first = await anns.until('ack');
    anns.say({ type: 'invite', request: 1, conversation });
    const { invite } = await anns.until('invite');
    anns.say(replace);
    expect(await anns.until('ack')).toEqual(first);
    anns.say({ type: 'invite', request: 2, conversation });
    expect((await anns.until('invite')).invite).toBe(invite);
    bens.say({ type: 'joinRoom', id: newId(), conversation, invite: makeToken(test.random) });
    expect((await bens.until('error')).code).toBe('invite_invalid');
    bens.say({ type: 'joinRoom', id: newId(), conversation, ...(invite === null ? {} : { invite }) });
    expect((await bens.until('ack')).seq).toBe(3);
  });

  it('to join where one is already does not join again later', async () => {
    const conversation = await room('public');
    bens.say({ type: 'joinRoom', id: newId(), conversation });
    const { seq } = await bens.until('ack');
    const twice = { type: 'joinRoom' as const, id: newId(), conversation };
    bens.say(twice);
    const answer = await bens.until('ack');
    expect(answer.seq).toBe(seq);
    bens.say({ type: 'leaveRoom', id: newId(), conversation });
    await bens.until('ack');
    bens.say(twice);
    expect(await bens.until('ack')).toEqual(answer);
    expect(test.node.services?.queries.access(ben, conversation)?.isMember).toBe(false);
  });
});
