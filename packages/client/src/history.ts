/**
 * Fetches entries that are not held: older ones when somebody scrolls up, and holes by themselves. Called by client.ts.
 */
import { type ConversationId, PAGE_MAX_ENTRIES, type RelayFrameOf } from '@parley/protocol';
import type { Clock, Random } from '@parley/protocol/environment';
import { type Hole, RefusedError } from './api.ts';
import { holesOf, mayHaveHoles } from './conversation.ts';
import type { Conversations } from './conversations.ts';
import type { Requests } from './requests.ts';

/** How many older entries one `loadEarlier` brings. */
const EARLIER_ENTRIES = 50;
/** Larger holes, as a long absence leaves them, are fetched a page at a time when somebody asks (`loadHole`). */
const AUTO_FETCH_MAX_ENTRIES = 1_000;
/** Conversations whose holes are fetched at the same time. */
const MOST_AT_ONCE = 2;
/**
 * A hole is not fetched before this time, plus as much again by chance: what is missing may be right behind, and a room
 * that missed the same entry does not ask for it in the same instant. Milliseconds.
 */
const HOLE_PATIENCE_MS = 50;

export interface HistoryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly requests: Requests;
  readonly conversations: Conversations;
  readonly isUp: () => boolean;
  readonly onPage: (asked: { after: number; before: number }, frame: RelayFrameOf<'history'>) => void;
}

export class History {
  readonly #deps: HistoryDeps;
  readonly #earlier = new Map<ConversationId, Promise<void>>();
  /** Pages of holes that are being fetched, by `holeKey`. */
  readonly #holes = new Map<string, Promise<void>>();
  /** Conversations of which a hole is being fetched unasked. */
  readonly #fetching = new Set<ConversationId>();
  /** Conversations that may have holes to be fetched. */
  readonly #suspects = new Set<ConversationId>();
  /** The relay refused their history; asked again after the next reconnect. */
  readonly #refused = new Set<ConversationId>();
  #isWoken = false;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  loadEarlier(id: ConversationId): Promise<void> {
    return share(this.#earlier, id, () => this.#loadEarlier(id));
  }

  loadHole(id: ConversationId, hole: Hole): Promise<void> {
    return share(this.#holes, holeKey(id, hole), () => this.#loadHole(id, hole));
  }

  /** Entries came or a head rose: there may be a hole now. */
  suspect(id: ConversationId): void {
    const state = this.#deps.conversations.get(id);
    if (state === undefined || !mayHaveHoles(state)) return;
    this.#suspects.add(id);
    this.#wake();
  }

  /** A socket has caught up: from now on every hole is one that nobody is going to fill unasked. */
  start(): void {
    this.#refused.clear();
    for (const id of this.#deps.conversations.ids()) this.suspect(id);
  }

  #wake(): void {
    if (this.#isWoken || !this.#deps.isUp()) return;
    this.#isWoken = true;
    const { clock, random } = this.#deps;
    clock.setTimer(
      () => {
        this.#isWoken = false;
        this.#fetchHoles();
      },
      HOLE_PATIENCE_MS * (1 + random.float()),
    );
  }

  #fetchHoles(): void {
    if (!this.#deps.isUp()) return;
    for (const id of this.#suspects) {
      if (this.#fetching.size >= MOST_AT_ONCE) return;
      if (this.#fetching.has(id)) continue;
      const hole = this.#nextHole(id);
      if (hole === undefined) this.#suspects.delete(id);
      else void this.#fetchHole(id, hole);
    }
  }

  async #fetchHole(id: ConversationId, hole: Hole): Promise<void> {
    this.#fetching.add(id);
    try {
      await this.loadHole(id, hole);
    } catch (error) {
      // The hole stays in the timeline; without an answer it is fetched after the next reconnect too.
      if (error instanceof RefusedError) this.#refused.add(id);
      else this.#suspects.delete(id);
    }
    this.#fetching.delete(id);
    this.#fetchHoles();
  }

  /** The newest first: it is nearest to what people look at. */
  #nextHole(id: ConversationId): Hole | undefined {
    const state = this.#deps.conversations.get(id);
    if (state === undefined || this.#refused.has(id)) return undefined;
    return holesOf(state).findLast(({ from, to }) => to - from < AUTO_FETCH_MAX_ENTRIES);
  }

  async #loadEarlier(id: ConversationId): Promise<void> {
    const { conversations } = this.#deps;
    const state = conversations.get(id);
    if (this.#deps.isUp() && (state === undefined || (state.runs[0]?.from ?? state.head + 1) <= state.floor + 1))
      return;
    try {
      await this.#fetch(id, EARLIER_ENTRIES, () => {
        const now = conversations.get(id);
        // Before the first summary nothing is known: the newest page of all is asked for.
        const above = now === undefined || now.head === 0 ? Number.MAX_SAFE_INTEGER : now.head + 1;
        return { before: now?.runs[0]?.from ?? above, after: now?.floor ?? 0 };
      });
    } catch (error) {
      // A direct conversation in which nothing was written yet: there is nothing earlier.
      const isUnknown = error instanceof RefusedError && conversations.get(id) === undefined;
      if (!isUnknown) throw error;
    }
  }

  async #loadHole(id: ConversationId, hole: Hole): Promise<void> {
    await this.#fetch(id, PAGE_MAX_ENTRIES, () => ({ before: hole.to + 1, after: hole.from - 1 }));
  }

  async #fetch(
    conversation: ConversationId,
    limit: number,
    range: () => { before: number; after: number },
  ): Promise<void> {
    let asked = range();
    const frame = await this.#deps.requests.ask('history', (request) => {
      asked = range();
      return { type: 'history', request, conversation, ...asked, limit };
    });
    this.#deps.onPage(asked, frame);
  }
}

const holeKey = (id: ConversationId, { from, to }: Hole): string => `${id} ${from}-${to}`;

function share(running: Map<string, Promise<void>>, key: string, load: () => Promise<void>): Promise<void> {
  const shared = running.get(key);
  if (shared !== undefined) return shared;
  const own = load().finally(() => running.delete(key));
  running.set(key, own);
  return own;
}
