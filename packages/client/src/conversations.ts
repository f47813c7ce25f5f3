/**
 * All conversations that this client knows, and their snapshots. Called by client.ts with what the sockets bring;
 * conversation.ts holds the rules. A frame costs what it carries: snapshots are made when somebody reads them.
 */
import type { Conversation, ConversationId, Entry, RelayFrameOf, UserId } from '@parley/protocol';
import { HELLO_MAX_HEADS } from '@parley/protocol';
import type { ConversationSnapshot, PendingMessage } from './api.ts';
import {
  applyEntries,
  applyPage,
  applyRead,
  applySummary,
  claimedHead,
  type ConversationState,
  emptyConversation,
  newestEntry,
  raiseHead,
  trim,
} from './conversation.ts';
import { type ConversationView, viewConversation } from './conversation-view.ts';

export interface ConversationsDeps {
  /** Own messages that are not in the timeline yet. */
  readonly pendingIn: (conversation: ConversationId) => readonly PendingMessage[];
  readonly typingIn: (conversation: ConversationId) => readonly UserId[];
  /** Most entries to hold of one conversation. */
  readonly maxHeldEntries: number;
}

export interface ConversationsView {
  readonly conversations: ReadonlyMap<ConversationId, ConversationSnapshot>;
  readonly order: readonly ConversationId[];
}

export class Conversations {
  readonly #deps: ConversationsDeps;
  readonly #states = new Map<ConversationId, ConversationState>();
  readonly #views = new Map<ConversationId, ConversationView>();
  readonly #changed = new Set<ConversationId>();
  #view: ConversationsView = { conversations: new Map(), order: [] };
  #me: UserId | undefined;
  /** The relay's wall clock minus this client's: pending messages are sorted among entries by it. */
  #skewMs = 0;

  constructor(deps: ConversationsDeps) {
    this.#deps = deps;
  }

  get(id: ConversationId): ConversationState | undefined {
    return this.#states.get(id);
  }

  ids(): Iterable<ConversationId> {
    return this.#states.keys();
  }

  setMe(me: UserId, skewMs: number): void {
    this.#skewMs = skewMs;
    if (this.#me === me) return;
    this.#me = me;
    for (const id of this.#states.keys()) this.touch(id);
  }

  /** What shows of the conversation may be different now. */
  touch(id: ConversationId): void {
    this.#changed.add(id);
  }

  handleSummary(summary: Conversation): void {
    applySummary(this.#stateOf(summary.id), summary, this.#me);
  }

  /** Returns what is new. */
  handleEntries(id: ConversationId, entries: readonly Entry[]): Entry[] {
    const state = this.#stateOf(id);
    const added = applyEntries(state, entries, this.#me);
    trim(state, this.#deps.maxHeldEntries);
    return added;
  }

  /** Returns what is new. */
  handlePage(asked: { after: number; before: number }, frame: RelayFrameOf<'history'>): Entry[] {
    return applyPage(this.#stateOf(frame.conversation), asked, { entries: frame.entries, me: this.#me });
  }

  /** Entries up to `seq` exist. */
  raiseHead(id: ConversationId, seq: number): void {
    raiseHead(this.#stateOf(id), seq);
  }

  /** Somebody's read position, this user's own on another device included. */
  handleRead({ conversation, user, seq }: RelayFrameOf<'readPosition'>): void {
    const state = this.#stateOf(conversation);
    if (user !== this.#me) {
      applyRead(state, user, seq);
      return;
    }
    state.readAtRelay = Math.max(state.readAtRelay, seq);
    state.readUpTo = Math.max(state.readUpTo, seq);
  }

  /** Moves this user's read position; true when it moved. */
  markRead(id: ConversationId, seq: number): boolean {
    const state = this.#states.get(id);
    if (state === undefined) return false;
    const readUpTo = Math.min(seq, state.head);
    if (readUpTo <= state.readUpTo) return false;
    state.readUpTo = readUpTo;
    this.touch(id);
    return true;
  }

  /** What a `hello` claims to hold, the most recent conversations first. */
  heads(): [ConversationId, number][] {
    const held = [...this.#states.values()].flatMap((state) => {
      const head = claimedHead(state);
      return head === undefined ? [] : [{ id: state.id, head, at: newestEntry(state)?.at ?? 0 }];
    });
    const recent = held.length > HELLO_MAX_HEADS ? held.toSorted((one, other) => other.at - one.at) : held;
    return recent.slice(0, HELLO_MAX_HEADS).map(({ id, head }) => [id, head]);
  }

  clear(): void {
    for (const id of this.#states.keys()) this.touch(id);
    this.#states.clear();
    this.#views.clear();
  }

  /** The same object as long as nothing changed. */
  view(): ConversationsView {
    if (this.#changed.size === 0) return this.#view;
    const conversations = new Map(this.#view.conversations);
    let isSame = true;
    for (const id of this.#changed) {
      const snapshot = this.#viewOf(id);
      if (conversations.get(id) === snapshot) continue;
      isSame = false;
      if (snapshot === undefined) conversations.delete(id);
      else conversations.set(id, snapshot);
    }
    this.#changed.clear();
    if (!isSame) this.#view = { conversations, order: this.#sort(conversations) };
    return this.#view;
  }

  #stateOf(id: ConversationId): ConversationState {
    this.touch(id);
    let state = this.#states.get(id);
    if (state === undefined) {
      state = emptyConversation(id);
      this.#states.set(id, state);
    }
    return state;
  }

  #viewOf(id: ConversationId): ConversationSnapshot | undefined {
    const pending = this.#deps.pendingIn(id);
    const typing = this.#deps.typingIn(id);
    const state = this.#states.get(id);
    if (state === undefined && pending.length === 0 && typing.length === 0) {
      this.#views.delete(id);
      return undefined;
    }
    const around = { me: this.#me, pending, typing };
    const view = viewConversation(state ?? emptyConversation(id), around, this.#views.get(id));
    this.#views.set(id, view);
    return view.snapshot;
  }

  #sort(conversations: ReadonlyMap<ConversationId, ConversationSnapshot>): readonly ConversationId[] {
    // Where somebody only types nothing has begun: a row would come and go with the keys.
    const begun = [...conversations.values()].filter(({ id, pending }) => this.#states.has(id) || pending.length > 0);
    const ranked = begun.map((conversation) => ({ id: conversation.id, at: this.#rank(conversation) }));
    const order = ranked
      .toSorted((one, other) => other.at - one.at || (one.id < other.id ? -1 : 1))
      .map(({ id }) => id);
    const before = this.#view.order;
    const isSame = order.length === before.length && order.every((id, at) => id === before[at]);
    return isSame ? before : order;
  }

  // Every conversation is sorted by when something last happened in it, on the relay's clock.
  #rank({ id, pending }: ConversationSnapshot): number {
    const state = this.#states.get(id);
    const newest = state === undefined ? undefined : newestEntry(state);
    const written = pending.at(-1);
    return Math.max(newest?.at ?? 0, written === undefined ? 0 : written.writtenAt + this.#skewMs);
  }
}
