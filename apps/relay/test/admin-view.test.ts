/** What an operator, or whoever compares nodes, reads of a view. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createChatClient, requestToken } from '@parley/client';
import { directConversationId } from '@parley/protocol';
import { adminApp } from '../src/http/admin.ts';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

let relay: TestRelay;

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(async () => {
  await relay.stop();
  removeDataDir(relay);
});

it('tells every entry of every conversation, page by page', async () => {
  const { user, token } = await requestToken(relay.url, 'Ann');
  const client = createChatClient({ url: relay.url, token });
  const conversation = directConversationId(user.id, user.id);
  const acked = new Promise<string>((resolve) => {
    client.onEvent((event) => {
      if (event.type === 'acked') resolve(event.id);
    });
  });
  client.start();
  client.send(conversation, 'a note');
  const id = await acked;
  for (let at = 0; at < 100; at += 1) await client.createRoom(`room ${at}`, 'public');
  await client.stop();

  const admin = adminApp(relay.node);
  const first = (await admin.inject('/view')).json();
  const second = (await admin.inject(`/view?after=${first.next}`)).json();
  expect(second.next).toBeUndefined();
  const rows = [...first.rows, ...second.rows];
  expect(rows).toHaveLength(101);
  expect(new Set(rows.map((row: { conversation: string }) => row.conversation)).size).toBe(101);
  expect(rows).toContainEqual({ conversation, entries: [[1, id, user.id]] });
  expect(rows.every(({ entries }: { entries: [number, string, string][] }) => entries[0]?.[2] === user.id)).toBe(true);
  expect((await admin.inject(`/view?after=${'x'.repeat(65)}`)).statusCode).toBe(400);
});
