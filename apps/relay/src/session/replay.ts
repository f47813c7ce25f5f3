/**
 * What a session missed, handed over at the pace at which it reads. Live entries may overtake it: the client orders by seq.
 */
import { PAGE_MAX_ENTRIES, REPLAY_MAX_PER_CONVERSATION, REPLAY_MAX_TOTAL, type RelayFrame } from '@parley/protocol';
import { encodeControl, encodeDurable } from './outgoing-frame.ts';
import { chunksThatFit } from './questions.ts';
import type { Session } from './session.ts';

/** The next page is read when less than this waits for the socket. */
const LOW_WATER_BYTES = 128 * 1024;
const RETRY_MS = 20;

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

  /** @param missing What the client lacks, the most recently active conversation first. */
  constructor(session: Session, missing: readonly Part[]) {
    this.#session = session;
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
    for (const hole of this.#holes.splice(0)) session.reply({ type: 'hole', ...hole });
    while (this.#parts.length > 0) {
      if (session.outbound.bufferedBytes > LOW_WATER_BYTES) {
        session.services.environment.clock.setTimer(() => this.run(), RETRY_MS);
        return;
      }
      this.#sendPage();
    }
    session.replay = undefined;
    session.push(encodeControl({ type: 'caughtUp' }));
  }

  #sendPage(): void {
    const part = this.#parts[0];
    if (part === undefined) return;
    const { queries } = this.#session.services;
    const access = queries.access(this.#session.user, part.conversation);
    const page =
      access === undefined
        ? []
        : queries.entriesFrom(access, { after: part.from - 1, upTo: part.to, limit: PAGE_MAX_ENTRIES });
    for (const entries of chunksThatFit(page)) {
      const users = queries.users(entries.map((entry) => entry.author));
      const frame: RelayFrame = { type: 'entries', conversation: part.conversation, entries, users };
      this.#session.push(encodeDurable(frame));
    }
    const last = page.at(-1)?.seq ?? part.to;
    if (last >= part.to) this.#parts.shift();
    else part.from = last + 1;
  }
}
