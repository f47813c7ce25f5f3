/** People on real sockets: what tests on one relay and on the cluster share. */
import { type ChatClient, type ChatSnapshot, createChatClient, requestToken } from '@parley/client';
import type { ConversationId, User } from '@parley/protocol';

export interface Person {
  client: ChatClient;
  user: User;
  token: string;
}

/** Signs in as a program does and connects. */
export async function signIn(at: { url: string }, name: string): Promise<Person> {
  const { user, token } = await requestToken(at.url, name);
  return { client: await connect(at, token), user, token };
}

export async function connect(at: { url: string }, token: string): Promise<ChatClient> {
  const client = createChatClient({ url: at.url, token });
  client.start();
  await untilSnapshot(client, (snapshot) => snapshot.connection.status === 'online');
  return client;
}

/**
 * Connects through the proxy until the given node serves. Sockets that landed elsewhere stay open meanwhile, because the
 * proxy gives the next one to the node with the fewest.
 */
export async function connectTo(at: { url: string }, token: string, node: string): Promise<ChatClient> {
  const elsewhere: ChatClient[] = [];
  try {
    for (;;) {
      const client = await connect(at, token);
      if (nodeOf(client) === node) return client;
      elsewhere.push(client);
    }
  } finally {
    await Promise.all(elsewhere.map((client) => client.stop()));
  }
}

export function nodeOf(client: ChatClient): string | undefined {
  const { connection } = client.getSnapshot();
  return connection.status === 'online' || connection.status === 'catchingUp' ? connection.node : undefined;
}

/** Resolves as soon as the snapshot fits; the test's own time-out is the limit. */
export function untilSnapshot(client: ChatClient, fits: (snapshot: ChatSnapshot) => boolean): Promise<ChatSnapshot> {
  return new Promise((resolve) => {
    const check = (): boolean => {
      const snapshot = client.getSnapshot();
      if (!fits(snapshot)) return false;
      resolve(snapshot);
      return true;
    };
    if (check()) return;
    const off = client.subscribe(() => {
      if (check()) off();
    });
  });
}

/** Texts on the screen, in the order of the timeline. */
export function textsOf(client: ChatClient, conversation: ConversationId): string[] {
  const timeline = client.getSnapshot().conversations.get(conversation)?.timeline ?? [];
  return timeline.flatMap((item) => (item.type === 'entry' && item.entry.kind === 'message' ? [item.entry.text] : []));
}

export async function untilTexts(client: ChatClient, conversation: ConversationId, count: number): Promise<string[]> {
  await untilSnapshot(client, () => textsOf(client, conversation).length >= count);
  return textsOf(client, conversation);
}

/** Loads everything there is, to the first entry. */
export async function loadAll(client: ChatClient, conversation: ConversationId): Promise<void> {
  while (client.getSnapshot().conversations.get(conversation)?.hasEarlier === true)
    await client.loadEarlier(conversation);
}
