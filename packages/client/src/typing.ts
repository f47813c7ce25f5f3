import { type ConversationId, TYPING_INTERVAL_MS, type UserId } from '@parley/protocol';
import type { CancelTimer, Clock } from '@parley/protocol/environment';

const NOBODY: readonly UserId[] = [];

/** Who is typing where, and when to tell the others that this user does. */
export class Typing {
  readonly #clock: Clock;
  readonly #onChange: (conversation: ConversationId) => void;
  readonly #typists = new Map<ConversationId, Map<UserId, CancelTimer>>();
  readonly #views = new Map<ConversationId, readonly UserId[]>();
  readonly #toldAt = new Map<ConversationId, number>();

  constructor(clock: Clock, onChange: (conversation: ConversationId) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
  }

  /** In the order they began; the same list as long as nothing changed. */
  in(conversation: ConversationId): readonly UserId[] {
    return this.#views.get(conversation) ?? NOBODY;
  }

  /** Somebody types; forgotten after two intervals without a repeat, so that one lost frame does not blink. */
  handleTyping(conversation: ConversationId, user: UserId): void {
    const typists = this.#typists.get(conversation) ?? new Map<UserId, CancelTimer>();
    this.#typists.set(conversation, typists);
    const known = typists.get(user);
    known?.();
    typists.set(
      user,
      this.#clock.setTimer(() => this.forget(conversation, user), TYPING_INTERVAL_MS * 2),
    );
    if (known === undefined) this.#changed(conversation, typists);
  }

  /** The user stopped, most often because the message is there. */
  forget(conversation: ConversationId, user: UserId): void {
    const typists = this.#typists.get(conversation);
    const cancel = typists?.get(user);
    if (typists === undefined || cancel === undefined) return;
    cancel();
    typists.delete(user);
    if (typists.size === 0) this.#typists.delete(conversation);
    this.#changed(conversation, typists);
  }

  /** Whether a key press is worth a frame now. */
  isWorthTelling(conversation: ConversationId): boolean {
    const now = this.#clock.monotonicMs();
    const toldAt = this.#toldAt.get(conversation);
    if (toldAt !== undefined && now - toldAt < TYPING_INTERVAL_MS) return false;
    this.#toldAt.set(conversation, now);
    return true;
  }

  /** A message went out: the next key press begins anew. */
  handleSent(conversation: ConversationId): void {
    this.#toldAt.delete(conversation);
  }

  clear(): void {
    for (const [conversation, typists] of this.#typists) {
      for (const cancel of typists.values()) cancel();
      this.#typists.delete(conversation);
      this.#changed(conversation, new Map());
    }
  }

  #changed(conversation: ConversationId, typists: ReadonlyMap<UserId, CancelTimer>): void {
    if (typists.size === 0) this.#views.delete(conversation);
    else this.#views.set(conversation, [...typists.keys()]);
    this.#onChange(conversation);
  }
}
