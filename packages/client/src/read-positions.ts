import type { ClientFrame, ConversationId } from '@parley/protocol';
import type { Clock } from '@parley/protocol/environment';
import type { Conversations } from './conversations.ts';

/** Scrolling moves the position with every row; the relay hears of it this often, in milliseconds. */
const INTERVAL_MS = 300;

export interface ReadPositionsDeps {
  readonly clock: Clock;
  readonly conversations: Conversations;
  /** Hands a frame to the socket; false when there is none. */
  readonly send: (frame: ClientFrame) => boolean;
}

/** Tells the relay how far this user has read: the first move at once, the following ones thinned out. */
export class ReadPositions {
  readonly #deps: ReadPositionsDeps;
  readonly #moved = new Set<ConversationId>();
  #isResting = false;

  constructor(deps: ReadPositionsDeps) {
    this.#deps = deps;
  }

  mark(id: ConversationId, seq: number): boolean {
    if (!this.#deps.conversations.markRead(id, seq)) return false;
    this.#moved.add(id);
    this.#flush();
    return true;
  }

  /** A socket is up: what the relay is not known to have is said again. */
  tellAll(): void {
    for (const id of this.#deps.conversations.ids()) {
      const state = this.#deps.conversations.get(id);
      if (state !== undefined && state.readUpTo > state.readAtRelay) this.#moved.add(id);
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#isResting || this.#moved.size === 0) return;
    for (const conversation of this.#moved) {
      const seq = this.#deps.conversations.get(conversation)?.readUpTo;
      if (seq !== undefined && !this.#deps.send({ type: 'read', conversation, seq })) break;
      this.#moved.delete(conversation);
    }
    this.#isResting = true;
    this.#deps.clock.setTimer(() => {
      this.#isResting = false;
      this.#flush();
    }, INTERVAL_MS);
  }
}
