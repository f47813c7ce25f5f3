import type { ChatClient, ClientEvent } from '../../src/api.ts';
import { createChatClient } from '../../src/client.ts';
import type { ChatClientOptions } from '../../src/options.ts';
import { FakeClock, seededRandom, settle } from './fake-clock.ts';
import { ScriptedRelay } from './scripted-relay.ts';

export interface SetUp {
  readonly client: ChatClient;
  readonly clock: FakeClock;
  readonly relay: ScriptedRelay;
  readonly events: ClientEvent[];
}

/** A started client, whose first socket is not open yet. */
export async function setUp(options: Partial<ChatClientOptions> & { clock?: FakeClock } = {}): Promise<SetUp> {
  const clock = options.clock ?? new FakeClock();
  const relay = new ScriptedRelay();
  const events: ClientEvent[] = [];
  const client = createChatClient({
    url: 'http://relay.test',
    random: seededRandom(1),
    openSocket: relay.openSocket,
    fetch: () => Promise.reject(new TypeError('unreachable')),
    ...options,
    clock,
  });
  client.onEvent((event) => events.push(event));
  client.start();
  await settle();
  return { client, clock, relay, events };
}

/** A client that is online. */
export async function setUpOnline(...replay: Parameters<ScriptedRelay['last']['greet']>): Promise<SetUp> {
  const all = await setUp();
  await all.relay.last.greet(...replay);
  return all;
}

/** The text rows of a conversation, with `from-to` for a hole. */
export function rows(client: ChatClient, conversation: string): string[] {
  const items = client.getSnapshot().conversations.get(conversation)?.timeline ?? [];
  return items.map((item) => {
    if (item.type === 'hole') return `${item.hole.from}-${item.hole.to}`;
    return item.entry.kind === 'message' ? item.entry.text : item.entry.kind;
  });
}
