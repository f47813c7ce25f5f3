/** People as any program would be: signed in over HTTP, connected with the client that is published. */
import { type ChatClient, createChatClient, requestToken } from '@parley/client';
import type { UserId } from '@parley/protocol';
import { inTurns, openWs } from '@parley/testing';

/** Sign-ins and handshakes under way at once. */
export const AT_ONCE = 16;
/** Nobody scrolls here: old entries are let go of. */
const MOST_HELD_ENTRIES = 20;

export interface BenchPerson {
  client: ChatClient;
  id: UserId;
  token: string;
  node: string;
}

/** @param urls Taken in turn; one for all, or one for each relay. */
export async function signInPeople(urls: readonly string[], count: number, prefix: string): Promise<BenchPerson[]> {
  const people: BenchPerson[] = [];
  await inTurns(count, AT_ONCE, async (at) => {
    const url = urls[at % urls.length] ?? '';
    const { user, token } = await requestToken(url, `${prefix} ${at + 1}`);
    people[at] = await connectPerson(url, user.id, token);
  });
  return people;
}

/** Connects and resolves when the client is online. */
export async function connectPerson(url: string, id: UserId, token: string): Promise<BenchPerson> {
  const client = createChatClient({ url, token, openSocket: openWs, maxHeldEntries: MOST_HELD_ENTRIES });
  const node = await new Promise<string>((resolve) => {
    client.onEvent((event) => {
      if (event.type === 'connection' && event.connection.status === 'online') resolve(event.connection.node);
    });
    client.start();
  });
  return { client, id, token, node };
}

/** A text of `bytes` ASCII characters that carries the time it was written at. */
export function stampedText(atMs: number, bytes: number): string {
  const stamp = `${STAMP}${atMs.toFixed(3)};`;
  return stamp.padStart(bytes, 'lorem ipsum ');
}

/** Once in every text of the benchmark. */
export const STAMP = '~~';
