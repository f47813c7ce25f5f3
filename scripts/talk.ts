/** Two people who write to each other all the time, and an account of what arrived. */
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatClient, createChatClient, requestToken } from '@parley/client';
import { type ConversationId, directConversationId, type OperationId } from '@parley/protocol';

const EVERY_MS = 100;
const ONLINE_WITHIN_MS = 20_000;
const ARRIVED_WITHIN_MS = 30_000;

interface Speaker {
  client: ChatClient;
  /** In the order in which they were written. */
  readonly written: OperationId[];
  readonly acked: Set<OperationId>;
  /** How many messages of the other were applied here; a doubled one would count twice. */
  applied: number;
  /** Milliseconds from writing to the answer, by message. */
  readonly waits: number[];
}

export class Talk {
  readonly #speakers: readonly [Speaker, Speaker];
  readonly #conversation: ConversationId;
  readonly #texts = new Map<Speaker, string[]>();

  private constructor(speakers: readonly [Speaker, Speaker], conversation: ConversationId) {
    this.#speakers = speakers;
    this.#conversation = conversation;
    for (const speaker of speakers) this.#texts.set(speaker, []);
  }

  /** Signs two people in and connects them; the balancing puts them on different relays. */
  static async begin(url: string): Promise<Talk> {
    const one = await requestToken(url, 'Ada');
    const other = await requestToken(url, 'Grace');
    const speakers = [join(url, one.token, one.user.id), join(url, other.token, other.user.id)] as const;
    for (const { client } of speakers) {
      client.start();
      await until('online', () => client.getSnapshot().connection.status === 'online', ONLINE_WITHIN_MS);
    }
    return new Talk(speakers, directConversationId(one.user.id, other.user.id));
  }

  /** The relays that the two are on now. */
  nodes(): string[] {
    return this.#speakers.map(({ client }) => {
      const { connection } = client.getSnapshot();
      return 'node' in connection ? connection.node : connection.status;
    });
  }

  /**
   * Both write ten times a second for so long; resolves when all they wrote has arrived.
   * @throws Error when a message is missing, doubled or out of order.
   */
  async during(ms: number): Promise<void> {
    const end = performance.now() + ms;
    while (performance.now() < end) {
      for (const speaker of this.#speakers) this.#write(speaker);
      await delay(EVERY_MS);
    }
    const [one, other] = this.#speakers;
    await this.#arrived(one, other);
    await this.#arrived(other, one);
  }

  summary(): string {
    const written = this.#speakers.reduce((sum, speaker) => sum + speaker.written.length, 0);
    const longest = Math.max(...this.#speakers.flatMap(({ waits }) => waits));
    return `${written} messages, all once and in order; longest wait for an answer ${(longest / 1000).toFixed(1)} s`;
  }

  async end(): Promise<void> {
    for (const { client } of this.#speakers) await client.stop();
  }

  async #arrived(speaker: Speaker, listener: Speaker): Promise<void> {
    const wanted = this.#texts.get(speaker) ?? [];
    const counts = (): string => `${speaker.acked.size} acknowledged and ${listener.applied} heard of ${wanted.length}`;
    const isWhole = (): boolean => speaker.acked.size >= wanted.length && listener.applied >= wanted.length;
    await until('everything arrived', isWhole, ARRIVED_WITHIN_MS).catch((error: unknown) => {
      throw new Error(counts(), { cause: error });
    });
    const shown = this.#shown(listener);
    if (listener.applied !== wanted.length || shown !== wanted.join(' ')) throw new Error(`${counts()}: ${shown}`);
  }

  /** What the other wrote, as it stands in this one's timeline. */
  #shown({ client }: Speaker): string {
    const { me, conversations } = client.getSnapshot();
    const timeline = conversations.get(this.#conversation)?.timeline ?? [];
    return timeline
      .flatMap((item) => (item.type === 'entry' && item.entry.kind === 'message' ? [item.entry] : []))
      .filter(({ author }) => author !== me?.id)
      .map(({ text }) => text)
      .join(' ');
  }

  #write(speaker: Speaker): void {
    const texts = this.#texts.get(speaker) ?? [];
    const text = String(texts.length + 1);
    const from = performance.now();
    const id = speaker.client.send(this.#conversation, text);
    texts.push(text);
    speaker.written.push(id);
    const off = speaker.client.onEvent((event) => {
      if (event.type !== 'acked' || event.id !== id) return;
      off();
      speaker.waits.push(performance.now() - from);
    });
  }
}

function join(url: string, token: string, me: string): Speaker {
  const client = createChatClient({ url, token });
  const speaker: Speaker = { client, written: [], acked: new Set(), applied: 0, waits: [] };
  client.onEvent((event) => {
    if (event.type === 'acked') speaker.acked.add(event.id);
    if (event.type === 'entry' && event.entry.kind === 'message' && event.entry.author !== me) speaker.applied += 1;
  });
  return speaker;
}

async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await delay(20);
  }
}
