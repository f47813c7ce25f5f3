/** People without a page: programs that talk through the client. */
import { type ChatClient, createChatClient, requestToken } from '@parley/client';

/** Signs a new user in and resolves once everything missed is here. */
export async function connect(url: string, name: string): Promise<ChatClient> {
  const { token } = await requestToken(url, name);
  const client = createChatClient({ url, token });
  const ready = new Promise<void>((resolve) => {
    const off = client.onEvent((event) => {
      if (event.type !== 'caughtUp') return;
      off();
      resolve();
    });
  });
  client.start();
  await ready;
  return client;
}

export function myId(client: ChatClient): string {
  const { me } = client.getSnapshot();
  if (me === undefined) throw new Error('not welcome yet');
  return me.id;
}

/** Resolves with the seq when the message is in the log. */
export function send(client: ChatClient, conversation: string, text: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let id: string | undefined;
    const off = client.onEvent((event) => {
      if (event.type !== 'acked' && event.type !== 'refused') return;
      if (event.id !== id) return;
      off();
      if (event.type === 'acked') resolve(event.seq);
      else reject(new Error(event.code));
    });
    id = client.send(conversation, text);
  });
}
