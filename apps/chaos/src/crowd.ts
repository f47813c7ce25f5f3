/** The people of a run, over all client processes: who is there, where they write, and whether they are content. */
import type { AuditEvent } from '@parley/audit';
import { type ConversationId, directConversationId, type UserId } from '@parley/protocol';
import { readHistoryFiles } from './audit/history-file.ts';
import type { Load } from './row.ts';
import type { SeededRandom } from '@parley/testing';
import type { ChatWorker, LoadOptions } from './worker/chat-worker.ts';
import { startWorker, type Worker } from '@parley/testing';

const ROOM_MEMBERS = 10;
/** Of everybody, those who leave and enter a public room again and again. */
const MOVERS_SHARE = 0.1;
const WATCHERS = 3;
const WATCHED = 30;

export interface CrowdOptions {
  readonly load: Load;
  readonly processes: number;
  readonly signInUrl: string;
  readonly url: string;
  readonly folder: string;
  readonly random: SeededRandom;
}

interface Part {
  readonly worker: Worker<ChatWorker>;
  readonly file: string;
  readonly users: UserId[];
  readonly conversations: ConversationId[][];
  readonly movers: LoadOptions['movers'];
}

export class Crowd {
  readonly #parts: Part[] = [];
  readonly #options: CrowdOptions;

  constructor(options: CrowdOptions) {
    this.#options = options;
  }

  /** Everybody signs in, connects, and finds each other. */
  async gather(): Promise<void> {
    const { load, processes, folder, signInUrl, url } = this.#options;
    const { sessionsPerUser } = load;
    const counts = Array.from({ length: processes }, (_, at) => Math.floor((load.clients + at) / processes));
    await Promise.all(
      counts.map(async (count, at) => {
        const worker = startWorker<ChatWorker>(new URL('worker/chat-worker.ts', import.meta.url));
        const file = `${folder}/clients-${at + 1}.jsonl`;
        const part: Part = { worker, file, users: [], conversations: [], movers: [] };
        this.#parts[at] = part;
        const name = `w${at + 1}`;
        const users = await worker.call('connect', { signInUrl, url, count, sessionsPerUser, process: name, file });
        part.users.push(...users);
        part.conversations.push(...users.map(() => []));
      }),
    );
    this.#pairUp();
    for (const part of this.#parts) await this.#openRooms(part);
    await this.#watch();
  }

  async startLoad(): Promise<void> {
    const { load, random } = this.#options;
    for (const { worker, conversations, movers } of this.#parts) {
      const rate = load.rate / this.#parts.length;
      const seed = String(random.whole(1, 1e9));
      await worker.call('startLoad', {
        rate,
        seed,
        conversations,
        movers,
        textLength: load.textLength,
        moveEveryMs: load.moveEveryMs,
      });
    }
  }

  async stopLoad(): Promise<void> {
    await Promise.all(this.#parts.map(({ worker }) => worker.call('stopLoad', undefined as never)));
  }

  async unsettled(): Promise<string[]> {
    const lists = await Promise.all(this.#parts.map(({ worker }) => worker.call('unsettled', undefined as never)));
    return lists.flat();
  }

  /** Sets the wall clocks of the people of each process wrong by so much. */
  async setClocks(aheadByMs: readonly number[]): Promise<void> {
    await Promise.all(this.#parts.map(({ worker }, at) => worker.call('setClock', { aheadByMs: aheadByMs[at] ?? 0 })));
  }

  /** Everybody fetches everything and shows it. */
  async finish(): Promise<void> {
    await Promise.all(this.#parts.map(({ worker }) => worker.call('finish', undefined as never)));
  }

  async leave(): Promise<AuditEvent[]> {
    await Promise.all(this.#parts.map(({ worker }) => worker.call('leave', undefined as never)));
    return readHistoryFiles(this.#parts.map(({ file }) => file));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(({ worker }) => worker.stop()));
  }

  /** Everybody writes to two others, of any process. */
  #pairUp(): void {
    const { random } = this.#options;
    const everybody = this.#parts.flatMap(({ users }) => users);
    for (const { users, conversations } of this.#parts) {
      for (const [at, user] of users.entries()) {
        const peers = [random.pick(everybody), random.pick(everybody)];
        conversations[at]?.push(...peers.map((peer) => directConversationId(user, peer)));
      }
    }
  }

  /** Each process has its rooms, public and private in turn, and one that some come to and leave. */
  async #openRooms({ worker, users, conversations, movers }: Part): Promise<void> {
    for (let from = 0, nth = 0; from < users.length; from += ROOM_MEMBERS, nth += 1) {
      const members = Array.from({ length: Math.min(ROOM_MEMBERS, users.length - from) }, (_, at) => from + at);
      const visibility = nth % 2 === 0 ? ('public' as const) : ('private' as const);
      const { room, invite } = await worker.call('createRoom', { client: from, name: `room ${nth}`, visibility });
      await worker.call('join', { room, clients: members.slice(1), invite });
      for (const at of members) conversations[at]?.push(room);
    }
    const { room } = await worker.call('createRoom', { client: 0, name: 'come and go', visibility: 'public' });
    conversations[0]?.push(room);
    for (let at = 1; at < users.length * MOVERS_SHARE; at += 1) movers.push({ client: at, room });
    await worker.call('join', { room, clients: movers.map(({ client }) => client), invite: undefined });
    // They write there whether they are in or not: what is refused must never appear.
    for (const { client } of movers) conversations[client]?.push(room);
  }

  async #watch(): Promise<void> {
    const users = this.#parts.flatMap((part) => part.users);
    const watched = [...new Set(users)].slice(0, WATCHED);
    for (const { worker, users: own } of this.#parts) {
      for (let at = 0; at < Math.min(WATCHERS, own.length); at += 1) {
        await worker.call('watch', { client: own.length - 1 - at, users: watched });
      }
    }
  }
}
