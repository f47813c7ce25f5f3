/**
 * The messages that have no answer yet: from `send` to the ack. Called by client.ts; lane.ts decides what of a conversation
 * goes out next, outbox-journal.ts makes it durable. The frame goes to the relay over link.ts.
 */
import { type ConversationId, type ErrorCode, makeOperationId, type OperationId, type UserId } from '@parley/protocol';
import type { Clock, Random } from '@parley/protocol/environment';
import type { ClientEvent, PendingMessage } from './api.ts';
import { Lane, type LaneDeps, type Row } from './lane.ts';
import { OutboxJournal } from './outbox-journal.ts';
import type { ClientStorage, StoredMessage } from './storage/storage.ts';

/** Most messages that may wait for an answer on one device. */
export const OUTBOX_MAX_MESSAGES = 500;
/** How long a row that another tab took out may wait for the entry that replaces it, in milliseconds. */
const ENTRY_WAIT_MS = 2_000;

/** The relay's answer to a message that it did not take. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs?: number | undefined;
}

export interface OutboxDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: ClientStorage;
  /** Hands a frame to the socket; false when there is none. */
  readonly send: LaneDeps['send'];
  /** Something in a conversation's pending messages changed. */
  readonly onChange: (conversation: ConversationId) => void;
  /** The storage changed: the other tabs want to know. */
  readonly onStored: () => void;
  readonly emit: (event: ClientEvent) => void;
}

export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #journal: OutboxJournal;
  readonly #rows = new Map<OperationId, Row>();
  readonly #lanes = new Map<ConversationId, Lane>();
  readonly #laneDeps: LaneDeps;
  #me: UserId | undefined;
  #isUp = false;
  #isOpen = false;
  #isLoaded = false;
  #wasLoaded = false;
  #loads = 0;
  #order = 0;
  #waiting = 0;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#journal = new OutboxJournal(deps.storage, deps.onStored);
    this.#laneDeps = {
      clock: deps.clock,
      random: deps.random,
      send: deps.send,
      // What an earlier run left goes before what is written now. What no storage holds, no other tab can send.
      mayGo: (row) => this.#isLoaded && (this.#isOpen || (this.#isUp && !row.isDurable)),
      onStatus: (row, status) => this.#handOver(row, status),
      onExpired: (row) => this.#fail(row, 'expired'),
    };
  }

  /** Messages without an answer, of all conversations; failed ones have theirs. */
  get waitingCount(): number {
    return this.#waiting;
  }

  conversations(): Iterable<ConversationId> {
    return this.#lanes.keys();
  }

  pendingIn(conversation: ConversationId): readonly PendingMessage[] {
    return this.#lanes.get(conversation)?.pending() ?? NOTHING;
  }

  /** Takes a message; the caller has checked the text. @throws RangeError when too many wait already. */
  add(conversation: ConversationId, text: string): OperationId {
    if (this.#waiting >= OUTBOX_MAX_MESSAGES) {
      throw new RangeError(`The outbox is full: ${OUTBOX_MAX_MESSAGES} messages wait to be sent.`);
    }
    const { clock, random } = this.#deps;
    const writtenAt = clock.wallMs();
    // Ascending over restarts and, nearly, over tabs; the wall clock may jump back.
    this.#order = Math.max(this.#order + 1, Math.floor(writtenAt) * 1_000);
    const id = makeOperationId(clock, random);
    const author = this.#me === undefined ? {} : { author: this.#me };
    const message = { id, conversation, text, writtenAt, askedAt: writtenAt, order: this.#order, ...author };
    const row = this.#insert(message, false);
    void this.#write(row);
    return id;
  }

  /**
   * Sends a failed message again: with its id where the relay may have it, with a new one where it was refused, because
   * that is the answer to the old one for good. Returns the id; undefined when no such message failed.
   */
  retry(id: OperationId): OperationId | undefined {
    const row = this.#rows.get(id);
    if (row?.status !== 'failed') return undefined;
    const { failed, ...message } = row.message;
    if (failed !== 'expired') {
      const again = this.add(message.conversation, message.text);
      this.discard(id);
      return again;
    }
    row.message = { ...message, askedAt: this.#deps.clock.wallMs() };
    this.#setStatus(row, 'queued');
    void this.#write(row);
    return id;
  }

  /** Forgets a failed message. */
  discard(id: OperationId): boolean {
    const row = this.#rows.get(id);
    if (row?.status !== 'failed') return false;
    this.#drop(row);
    void this.#journal.remove(id);
    return true;
  }

  /** In the log. Returns the message the first time; it stays on the screen until `arrived`. */
  acked(id: OperationId): StoredMessage | undefined {
    const row = this.#rows.get(id);
    if (row === undefined || row.status === 'acked') return undefined;
    this.#setStatus(row, 'acked');
    void this.#journal.remove(id);
    this.#laneOf(row).acked(id);
    return row.message;
  }

  /** Its entry is in the timeline: nothing is left to be done. True when no ack had come before. */
  arrived(id: OperationId): boolean {
    const row = this.#rows.get(id);
    if (row === undefined) return false;
    const isFirst = this.acked(id) !== undefined;
    this.#drop(row);
    return isFirst;
  }

  /** False when the id is none of a message that waits. */
  refused(id: OperationId, error: Refusal): boolean {
    const row = this.#rows.get(id);
    if (row === undefined || row.status === 'acked') return false;
    this.#deps.emit({ type: 'refused', id, code: error.code, retryable: error.retryable });
    if (error.retryable) {
      this.#setStatus(row, 'queued');
      this.#laneOf(row).postponed(id, error.retryAfterMs);
    } else {
      this.#fail(row, error.code);
      this.#laneOf(row).failed(id);
    }
    return true;
  }

  /** Reads what an earlier run, or another tab, left in the storage. */
  async load(): Promise<void> {
    this.#loads += 1;
    const turn = this.#loads;
    const stored = await this.#journal.read();
    const ids = new Set(stored?.map(({ id }) => id));
    if (!this.#wasLoaded && stored !== undefined) this.#putBehind(stored);
    for (const message of stored ?? []) this.#merge(message);
    // Only what was durable can have been taken out by another tab; a storage that fails has taken nothing out.
    for (const row of stored === undefined ? [] : this.#rows.values()) {
      if (row.isDurable && !ids.has(row.message.id)) this.#settledElsewhere(row);
    }
    this.#adoptAll();
    for (const lane of this.#lanes.values()) lane.sort();
    // One that began before the last change of hands says nothing of what was stored until then.
    if (turn === this.#loads) this.#isLoaded = true;
    this.#pump();
  }

  /** Who is signed in. Messages without an author were written here before that was known. */
  setAuthor(me: UserId): void {
    if (this.#me === me) return;
    this.#me = me;
    this.#isLoaded = false;
    for (const row of this.#rows.values())
      if (row.message.author !== undefined && row.message.author !== me) this.#drop(row);
    void this.load();
  }

  /** Connected and caught up: messages that could not be stored may go out, the others when this is the only sender. */
  up(): void {
    this.#isUp = true;
    this.#pump();
  }

  /** From now on messages may go out: connected, caught up, and the only sender. Everything un-acked goes again. */
  open(): void {
    this.#isOpen = true;
    this.#isLoaded = false;
    void this.load();
  }

  /** No answer will come any more to what was handed over. */
  close(): void {
    this.#isUp = false;
    this.#isOpen = false;
    for (const lane of this.#lanes.values()) lane.halt();
    for (const row of this.#rows.values()) if (row.status === 'sending') this.#setStatus(row, 'queued');
  }

  /** When everything written so far is durable. */
  settled(): Promise<void> {
    return this.#journal.settled();
  }

  async #write(row: Row): Promise<void> {
    row.isStored = false;
    row.isDurable = false;
    // In one transaction with what a broken storage did not take before: another tab that finds this one must find those
    // as well, or it would send this one first.
    await Promise.all([...this.#laneOf(row).unstoredBefore(row), row].map((each) => this.#put(each)));
  }

  async #put(row: Row): Promise<void> {
    const { message } = row;
    const isDurable = await this.#journal.put(message);
    if (row.message !== message) return;
    row.isStored = true;
    row.isDurable = isDurable;
    this.#lanes.get(message.conversation)?.pump();
  }

  // What an earlier run left was written before, whatever the wall clock says by now. Another tab may know more of what is
  // stored already than this one: only the place is changed, and not of what has its answer.
  #putBehind(stored: readonly StoredMessage[]): void {
    this.#wasLoaded = true;
    const known = new Map(stored.map((message) => [message.id, message]));
    const newest = Math.max(0, ...stored.filter(({ id }) => !this.#rows.has(id)).map(({ order }) => order));
    const own = [...this.#rows.values()].toSorted((one, other) => one.message.order - other.message.order);
    if ((own[0]?.message.order ?? Infinity) > newest) return;
    this.#order = Math.max(this.#order, newest);
    for (const row of own) {
      const found = known.get(row.message.id);
      this.#order += 1;
      if (found?.failed !== undefined || (row.isDurable && found === undefined)) continue;
      row.message = { ...(found ?? row.message), order: this.#order };
      void this.#write(row);
    }
  }

  #merge(message: StoredMessage): void {
    this.#order = Math.max(this.#order, message.order);
    const row = this.#rows.get(message.id);
    // Before the first welcome it is not known whose they are, but what was written here is its user's.
    const isWrittenHere = this.#me === undefined && row !== undefined;
    if (message.author !== undefined && message.author !== this.#me && !isWrittenHere) return;
    const status = message.failed === undefined ? 'queued' : 'failed';
    if (row === undefined) {
      const found = this.#insert(message, true);
      if (status === 'failed') this.#setStatus(found, status);
    } else if (row.isStored && row.status !== status && (row.status === 'queued' || row.status === 'failed')) {
      row.message = message;
      this.#setStatus(row, status);
    }
  }

  // Another tab has its answer; this one may not have seen the entry yet, and a message must not vanish in between.
  #settledElsewhere(row: Row): void {
    if (row.status === 'acked') return;
    if (row.status === 'failed') {
      this.#drop(row);
      return;
    }
    this.#setStatus(row, 'acked');
    this.#laneOf(row).acked(row.message.id);
    this.#deps.clock.setTimer(() => this.#drop(row), ENTRY_WAIT_MS);
  }

  // Only the one sender writes down whose they are: another tab's knowledge of them may be older than what it would replace.
  #adoptAll(): void {
    const author = this.#me;
    if (!this.#isOpen || author === undefined) return;
    for (const row of this.#rows.values()) {
      if (row.message.author !== undefined || row.status === 'acked') continue;
      row.message = { ...row.message, author };
      void this.#write(row);
    }
  }

  #handOver(row: Row, status: 'queued' | 'sending'): void {
    this.#setStatus(row, status);
    const { id, conversation } = row.message;
    if (status === 'sending') this.#deps.emit({ type: 'sent', id, conversation });
  }

  #fail(row: Row, reason: ErrorCode | 'expired'): void {
    row.message = { ...row.message, failed: reason };
    this.#setStatus(row, 'failed');
    void this.#write(row);
  }

  #insert(message: StoredMessage, isStored: boolean): Row {
    const row: Row = { message, status: 'queued', isStored, isDurable: isStored };
    this.#rows.set(message.id, row);
    this.#waiting += 1;
    this.#laneOf(row).add(row);
    this.#deps.onChange(message.conversation);
    return row;
  }

  #drop(row: Row): void {
    const { id, conversation } = row.message;
    if (this.#rows.get(id) !== row) return;
    this.#setStatus(row, 'acked');
    this.#rows.delete(id);
    const lane = this.#laneOf(row);
    lane.remove(id);
    if (lane.isEmpty) this.#lanes.delete(conversation);
  }

  #setStatus(row: Row, status: Row['status']): void {
    this.#waiting += Number(isWaiting(status)) - Number(isWaiting(row.status));
    row.status = status;
    this.#laneOf(row).touch();
    this.#deps.onChange(row.message.conversation);
  }

  #laneOf(row: Row): Lane {
    const { conversation } = row.message;
    let lane = this.#lanes.get(conversation);
    if (lane === undefined) {
      lane = new Lane(conversation, this.#laneDeps);
      this.#lanes.set(conversation, lane);
    }
    return lane;
  }

  #pump(): void {
    for (const lane of this.#lanes.values()) lane.pump();
  }
}

const NOTHING: readonly PendingMessage[] = [];

const isWaiting = (status: Row['status']) => status === 'queued' || status === 'sending';
