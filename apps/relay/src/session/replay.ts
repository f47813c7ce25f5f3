/**
 * How a session's conversations look and what it missed, handed over at the pace at which it reads. Live entries may
 * overtake it: the client orders by seq.
 */
import {
  type Conversation,
  type Entry,
  PAGE_MAX_ENTRIES,
  REPLAY_MAX_PER_CONVERSATION,
  REPLAY_MAX_TOTAL,
  type RelayFrame,
} from '@parley/protocol';
import type { Access } from '../view/queries.ts';
import { encodeInParts } from './frame-parts.ts';
import { encodeControl, encodeDurable, type OutgoingFrame } from './outgoing-frame.ts';
import type { ReplayPage } from './replay-pages.ts';
import type { Session } from './session.ts';

/** The next page is read when less than this waits for the socket. */
const LOW_WATER_BYTES = 128 * 1024;
const RETRY_MS = 20;
/** Conversations described in one step; however long their last messages are, they stay below what a reader is cut for. */
const DESCRIBED_AT_ONCE = 20;

/** Entries `from` to `to`, both included. */
interface Part {
  conversation: string;
  from: number;
  to: number;
}

export class Replay {
  readonly #session: Session;
  readonly #parts: Part[];
  readonly #holes: Part[] = [];
  #toDescribe: Conversation[];
  #isOld = false;
  /** The frames of a page of entries. */
  #frames: OutgoingFrame[] = [];

  /** @param missing What the client lacks. Both lists begin with the most recently active conversation. */
  constructor(session: Session, conversations: Conversation[], missing: readonly Part[]) {
    this.#session = session;
    this.#toDescribe = conversations;
    let left = REPLAY_MAX_TOTAL;
    this.#parts = [];
    for (const part of missing) {
      const count = Math.min(part.to - part.from + 1, REPLAY_MAX_PER_CONVERSATION, left);
      left -= count;
      const from = part.to - count + 1;
      if (from > part.from) this.#holes.push({ ...part, to: from - 1 });
      if (count > 0) this.#parts.push({ ...part, from });
    }
  }

  /** Sends what fits now and comes back for the rest; `caughtUp` follows the last entry into the same queue. */
  run(): void {
    const session = this.#session;
    if (session.replay !== this) return;
    for (let step = this.#nextStep(); step !== undefined; step = this.#nextStep()) {
      if (session.outbound.bufferedBytes > LOW_WATER_BYTES) {
        this.#isOld = true;
        session.services.environment.clock.setTimer(() => this.run(), RETRY_MS);
        return;
      }
      step();
    }
    session.replay = undefined;
    session.push(encodeControl({ type: 'caughtUp' }));
  }

  #nextStep(): (() => void) | undefined {
    if (this.#toDescribe.length > 0) return () => this.#describe();
    if (this.#holes.length > 0) return () => this.#sendHoles();
    const [frame, ...others] = this.#frames;
    if (frame !== undefined) {
      return () => {
        this.#frames = others;
        this.#session.push(frame);
      };
    }
    return this.#parts.length > 0 ? () => this.#readPage() : undefined;
  }

  #describe(): void {
    const { user, services } = this.#session;
    const { queries } = services;
    const some = this.#toDescribe.splice(0, DESCRIBED_AT_ONCE);
    // What was pushed live while this waited must not be taken back.
    const current = this.#isOld ? some.flatMap(({ id }) => queries.describe(user, id) ?? []) : some;
    const build = (conversations: Conversation[]): RelayFrame => ({
      type: 'conversations',
      conversations,
      users: queries.users(conversations.flatMap(usersNamedIn)),
    });
    for (const frame of encodeInParts(current, build, encodeControl)) this.#session.push(frame);
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
    this.#frames = page?.frames ?? [];
    const last = page?.last ?? part.to;
    if (last >= part.to) this.#parts.shift();
    else part.from = last + 1;
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
      return { frames: encodeInParts(entries, build, encodeDurable), last: entries.at(-1)?.seq };
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
