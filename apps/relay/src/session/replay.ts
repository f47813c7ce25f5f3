/**
 * How a session's conversations look and what it missed, handed over at the pace at which it reads. Live entries may
 * overtake it: the client orders by seq.
 *
 * Anybody can put a user into conversations without end, so all of it is done in short steps (turns.ts): first the list of
 * the conversations, where each is cut into what is replayed and what comes live; then, the most recently active first, how
 * each looks; then the entries.
 */
import {
  type Conversation,
  type Entry,
  PAGE_MAX_ENTRIES,
  REPLAY_MAX_PER_CONVERSATION,
  REPLAY_MAX_TOTAL,
  type RelayFrame,
} from '@parley/protocol';
import type { Access, OwnConversation } from '../view/queries.ts';
import { encodeInParts } from './frame-parts.ts';
import { encodeControl, encodeDurable, type OutgoingFrame } from './outgoing-frame.ts';
import type { ReplayPage } from './replay-pages.ts';
import type { Session } from './session.ts';

/** The next page is read when less than this waits for the socket. */
const LOW_WATER_BYTES = 128 * 1024;
const RETRY_MS = 20;
/** Conversations listed in one step. */
const LISTED_AT_ONCE = 100;
/** Conversations described in one step; however long their last messages are, they stay below what a reader is cut for. */
const DESCRIBED_AT_ONCE = 20;

/** Entries `from` to `to`, both included. */
interface Part {
  conversation: string;
  from: number;
  to: number;
}

/** A conversation on the list. */
interface Listed {
  ref: number;
  lastAt: number;
  missing: Part | undefined;
}

export class Replay {
  readonly #session: Session;
  /** What the client holds, by conversation. */
  readonly #heads: ReadonlyMap<string, number>;
  readonly #onListed: () => void;
  /** While the list is made. */
  #listed: Listed[] | undefined = [];
  #lastRef = 0;
  /** By their number: of thousands of conversations nothing else is kept. */
  #toDescribe: number[] = [];
  #described = 0;
  #holes: Part[] = [];
  #parts: Part[] = [];
  /** The frames of a page of entries. */
  #frames: OutgoingFrame[] = [];

  /**
   * @param options.heads What the client holds of each conversation.
   * @param options.onListed From here on the session gets everything live.
   */
  constructor(session: Session, options: { heads: ReadonlyMap<string, number>; onListed: () => void }) {
    this.#session = session;
    this.#heads = options.heads;
    this.#onListed = options.onListed;
  }

  get isListing(): boolean {
    return this.#listed !== undefined;
  }

  /** Sends what fits, a step a turn, and comes back for the rest; `caughtUp` follows the last entry into the same queue. */
  start(): void {
    this.#session.services.turns.add(this.#session.user, () => this.#run());
  }

  #run(): void {
    const session = this.#session;
    if (session.replay !== this) return;
    if (session.outbound.bufferedBytes > LOW_WATER_BYTES) {
      session.services.environment.clock.setTimer(() => this.start(), RETRY_MS);
      return;
    }
    try {
      this.#step();
    } catch (error) {
      session.services.environment.logger.error({ err: error }, 'a replay failed');
      session.closeFor('node_unready');
      return;
    }
    if (session.replay === this) this.start();
  }

  #step(): void {
    if (this.#listed !== undefined) this.#list(this.#listed);
    else if (this.#described < this.#toDescribe.length) this.#describe();
    else if (this.#holes.length > 0) this.#sendHoles();
    else if (this.#frames.length > 0) this.#sendFrames();
    else if (this.#parts.length > 0) this.#readPage();
    else {
      this.#session.replay = undefined;
      this.#session.push(encodeControl({ type: 'caughtUp' }));
    }
  }

  #list(listed: Listed[]): void {
    const { user, services } = this.#session;
    const some = services.queries.conversationsOf(user, { after: this.#lastRef, limit: LISTED_AT_ONCE });
    for (const own of some) {
      // The cut: what is applied later in this room is pushed live, what was applied before is replayed.
      if (own.isJoinedRoom) services.fanOut.enter(this.#session, own.id);
      listed.push({ ref: own.ref, lastAt: own.lastAt, missing: this.#missingOf(own) });
      this.#lastRef = own.ref;
    }
    if (some.length === LISTED_AT_ONCE) return;
    const ordered = listed.toSorted((one, other) => other.lastAt - one.lastAt);
    this.#listed = undefined;
    this.#toDescribe = ordered.map(({ ref }) => ref);
    this.#plan(ordered.flatMap(({ missing }) => missing ?? []));
    this.#onListed();
  }

  #missingOf({ id, head, hiddenUpTo }: OwnConversation): Part | undefined {
    const held = this.#heads.get(id);
    if (held === undefined || held >= head) return undefined;
    return { conversation: id, from: Math.max(held, hiddenUpTo) + 1, to: head };
  }

  #plan(missing: readonly Part[]): void {
    let left = REPLAY_MAX_TOTAL;
    for (const part of missing) {
      const count = Math.min(part.to - part.from + 1, REPLAY_MAX_PER_CONVERSATION, left);
      left -= count;
      const from = part.to - count + 1;
      if (from > part.from) this.#holes.push({ ...part, to: from - 1 });
      if (count > 0) this.#parts.push({ ...part, from });
    }
  }

  // As they look in this moment: what was pushed live meanwhile is not taken back.
  #describe(): void {
    const { user, services } = this.#session;
    const { queries } = services;
    const refs = this.#toDescribe.slice(this.#described, this.#described + DESCRIBED_AT_ONCE);
    this.#described += refs.length;
    const some = refs.flatMap((ref) => {
      const id = queries.conversationId(ref);
      return (id === undefined ? undefined : queries.describe(user, id)) ?? [];
    });
    const build = (conversations: Conversation[]): RelayFrame => ({
      type: 'conversations',
      conversations,
      users: queries.users(conversations.flatMap(usersNamedIn)),
    });
    for (const frame of encodeInParts(some, build, encodeControl)) this.#session.push(frame);
  }

  #sendHoles(): void {
    for (const hole of this.#holes.splice(0)) this.#session.reply({ type: 'hole', ...hole });
  }

  #readPage(): void {
    const part = this.#parts[0];
    if (part === undefined) return;
    const { queries } = this.#session.services;
    const access = queries.access(this.#session.user, part.conversation);
    const page = access === undefined ? undefined : this.#pageOf(part, access);
    this.#frames = [...(page?.frames ?? [])];
    const last = page?.last ?? part.to;
    if (last >= part.to) this.#parts.shift();
    else part.from = last + 1;
    this.#sendFrames();
  }

  #sendFrames(): void {
    const { outbound } = this.#session;
    while (outbound.bufferedBytes <= LOW_WATER_BYTES) {
      const frame = this.#frames.shift();
      if (frame === undefined) return;
      this.#session.push(frame);
    }
  }

  #pageOf(part: Part, access: Access): ReplayPage {
    const { queries, replayPages, metrics } = this.#session.services;
    const range = { after: Math.max(part.from - 1, access.hiddenUpTo), upTo: Math.min(part.to, access.upTo) };
    const read = (): ReplayPage => {
      metrics.pagesRead += 1;
      const entries = queries.entriesFrom(access, { ...range, limit: PAGE_MAX_ENTRIES });
      const build = (some: Entry[]): RelayFrame => ({
        type: 'entries',
        conversation: part.conversation,
        entries: some,
        users: queries.users(some.map((entry) => entry.author)),
      });
      const authors = new Set(entries.map((entry) => entry.author));
      return { frames: encodeInParts(entries, build, encodeDurable), last: entries.at(-1)?.seq, authors };
    };
    // Of two, hardly both come back at once with the same gap.
    return access.conversation.room === undefined ? read() : replayPages.page(part.conversation, range, read);
  }
}

function usersNamedIn(conversation: Conversation): string[] {
  return [
    ...(conversation.kind === 'direct' ? [conversation.peer] : []),
    ...(conversation.last === undefined ? [] : [conversation.last.author]),
  ];
}
