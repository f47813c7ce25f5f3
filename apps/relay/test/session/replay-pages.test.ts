import { makeOperationId, makeRoomId, makeUserId } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { makeHead } from '../../src/log/record.ts';
import { ReplayPages } from '../../src/session/replay-pages.ts';
import { textFrame } from '../../src/session/outgoing-frame.ts';
import { TestNode, type TestSession } from '../support/node.ts';

let test: TestNode;
afterEach(() => test?.stop());

const newId = (): string => makeOperationId(test.clock, test.random);

async function write(session: TestSession, conversation: string, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    session.say({ type: 'send', conversation, messages: [{ id: newId(), text: `m${n}` }] });
    await session.until('ack');
  }
}

const texts = (session: TestSession): string[] =>
  session.socket.frames.flatMap((frame) =>
    frame.type === 'entries' ? frame.entries.flatMap((entry) => (entry.kind === 'message' ? [entry.text] : [])) : [],
  );

describe('many who come back with the same gap', () => {
  it('cost one read of it, and each sees all of it', async () => {
    test = await TestNode.start();
    const epoch = test.node.services?.epoch ?? '';
    const room = makeRoomId(test.random);
    const owner = await test.enter(makeUserId(test.random));
    owner.say({ type: 'createRoom', id: newId(), conversation: room, name: 'Harbour', visibility: 'public' });
    await owner.until('ack');
    const members = Array.from({ length: 30 }, () => makeUserId(test.random));
    for (const member of members) {
      const session = await test.enter(member);
      session.say({ type: 'joinRoom', id: newId(), conversation: room });
      await session.until('ack');
      session.session.end();
    }
    await write(owner, room, 30);
    const before = test.node.metrics.pagesRead;
    const hello = { epoch, heads: [[room, 31] as [string, number]] };
    for (const member of members) expect(texts(await test.enter(member, hello))).toHaveLength(30);
    expect(test.node.metrics.pagesRead - before).toBe(1);
    // A new name must not be undone by a page that was read before it, and costs nobody the pages of others.
    const name = async (user: string, to: string): Promise<string[]> => {
      const head = makeHead('userNamed', { id: newId(), author: user, at: 1 });
      await test.log.append({ key: user, head, body: Buffer.from(JSON.stringify({ name: to })) });
      await test.clock.pass(100);
      const { frames } = (await test.enter(members[0] ?? '', hello)).socket;
      return frames.flatMap((frame) => (frame.type === 'entries' ? frame.users.map((each) => each.name) : []));
    };
    await name(members[1] ?? '', 'Anna');
    await name(makeUserId(test.random), 'Newcomer');
    expect(test.node.metrics.pagesRead - before).toBe(1);
    expect(await name(owner.session.user, 'Olga')).toContain('Olga');
    expect(test.node.metrics.pagesRead - before).toBe(2);
  });
});

it('pages that were not used for longest go first when there are too many', () => {
  const pages = new ReplayPages();
  let reads = 0;
  const page = (after: number): void =>
    void pages.page('c', { after, upTo: after + 1 }, () => {
      reads += 1;
      const frames = [{ class: 'durable' as const, bytes: textFrame('x'.repeat(5 * 1024 * 1024)) }];
      return { frames, last: after + 1, authors: new Set<string>() };
    });
  for (const after of [1, 2, 3, 1, 4, 1]) page(after);
  expect(reads).toBe(4);
  page(2);
  expect(reads).toBe(5);
});
