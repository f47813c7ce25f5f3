/** People as any program would be: signed in over HTTP, connected with the client that is published. */
import { type ChatClient, createChatClient, type OpenSocket, requestToken } from '@parley/client';
import type { UserId } from '@parley/protocol';
import { WebSocket } from 'ws';

/** Sign-ins and handshakes under way at once. */
const AT_ONCE = 16;
/** Nobody scrolls here: old entries are let go of. */
const MOST_HELD_ENTRIES = 20;

export interface BenchPerson {
  client: ChatClient;
  id: UserId;
  token: string;
  node: string;
}

/** Cheaper than Node's own WebSocket, so that more of the machine is left to what is measured. */
const openWs: OpenSocket = ({ url, token }, events) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  socket.on('open', () => events.onOpen());
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) events.onText(data.toString('utf8'));
  });
  // `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', (code) => events.onClose(code));
  return { send: (text) => socket.send(text), close: (code) => socket.close(code) };
};

/** @param urls Taken in turn; one for all, or one for each relay. */
export async function signInPeople(urls: readonly string[], count: number, prefix: string): Promise<BenchPerson[]> {
  const people: BenchPerson[] = [];
  await inTurns(count, async (at) => {
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

/** Runs `work` for 0 to `count` - 1, some at a time. */
export async function inTurns(count: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      await work(at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, lane));
}

/** A text of `bytes` ASCII characters that carries the time it was written at. */
export function stampedText(atMs: number, bytes: number): string {
  const stamp = `${STAMP}${atMs.toFixed(3)};`;
  return stamp.padStart(bytes, 'lorem ipsum ');
}

/** Once in every text of the benchmark. */
export const STAMP = '~~';
