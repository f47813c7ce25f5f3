import {
  type ClientFrameOf,
  type ConversationId,
  countUtf8Bytes,
  FRAME_MAX_BYTES,
  type OperationId,
  SEND_MAX_MESSAGES,
} from '@parley/protocol';
import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';
import type { PendingMessage } from './api.ts';
import { refusalBackoffMs } from './backoff.ts';
import type { StoredMessage } from './storage/storage.ts';

/** A message that nobody asked for again for this long does not go out by itself, in milliseconds. */
const MESSAGE_MAX_AGE_MS = 24 * 60 * 60 * 1_000;
/** A request without an answer on a socket that lives is unknown after this time, and goes again. Milliseconds. */
const ACK_TIMEOUT_MS = 20_000;
/** What a frame holds besides texts: type, conversation, and for each message an id and punctuation. In bytes, amply. */
const FRAME_OVERHEAD_BYTES = 256;
const MESSAGE_OVERHEAD_BYTES = 64;

export interface Row {
  message: StoredMessage;
  /** `acked`: in the log, and on the screen only until its entry takes the place. */
  status: 'queued' | 'sending' | 'failed' | 'acked';
  /** It was handed to the storage, and may go out: stored, or known to be beyond storing. */
  isStored: boolean;
  /** The storage has it; where it is missing later, another tab has taken it out. */
  isDurable: boolean;
}

export interface LaneDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Hands a frame to the socket; false when there is none. */
  readonly send: (frame: ClientFrameOf<'send'>) => boolean;
  /** Whether this one may go out now. */
  readonly mayGo: (row: Row) => boolean;
  readonly onStatus: (row: Row, status: 'queued' | 'sending') => void;
  /** It waited for more than MESSAGE_MAX_AGE_MS. */
  readonly onExpired: (row: Row) => void;
}

/** One conversation's messages without an answer, in the order they were written, and the one request in flight. */
export class Lane {
  readonly #conversation: ConversationId;
  readonly #deps: LaneDeps;
  #rows = new Map<OperationId, Row>();
  readonly #inFlight = new Set<OperationId>();
  #cancelWait: CancelTimer | undefined;
  #cancelTimeout: CancelTimer | undefined;
  #attempt = 0;
  #pending: readonly PendingMessage[] | undefined;

  constructor(conversation: ConversationId, deps: LaneDeps) {
    this.#conversation = conversation;
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0;
  }

  add(row: Row): void {
    this.#rows.set(row.message.id, row);
    this.#pending = undefined;
  }

  remove(id: OperationId): void {
    this.#rows.delete(id);
    this.#pending = undefined;
    this.#settle(id);
  }

  /** Restores the order they were written in, after some came from the storage. */
  sort(): void {
    const rows = [...this.#rows].toSorted(([, one], [, other]) => one.message.order - other.message.order);
    this.#rows = new Map(rows);
    this.#pending = undefined;
  }

  /** A row changed. */
  touch(): void {
    this.#pending = undefined;
  }

  /** As the snapshot shows them; the same list as long as nothing changed. */
  pending(): readonly PendingMessage[] {
    this.#pending ??= [...this.#rows.values()].map(show);
    return this.#pending;
  }

  /** What stands before this one, waits for an answer, and is not known to be in the storage. */
  *unstoredBefore(row: Row): Generator<Row> {
    for (const other of this.#rows.values()) {
      if (other === row) return;
      if (!other.isDurable && (other.status === 'queued' || other.status === 'sending')) yield other;
    }
  }

  /** Sends what may go out: the oldest waiting messages, as one request, once the request before is answered. */
  pump(): void {
    if (this.#inFlight.size > 0 || this.#cancelWait !== undefined) return;
    const batch = this.#takeBatch();
    if (batch.length === 0) return;
    const messages = batch.map(({ message: { id, text } }) => ({ id, text }));
    if (!this.#deps.send({ type: 'send', conversation: this.#conversation, messages })) return;
    for (const row of batch) this.#inFlight.add(row.message.id);
    for (const row of batch) this.#deps.onStatus(row, 'sending');
    this.#cancelTimeout = this.#deps.clock.setTimer(() => this.#giveUpWaiting(), ACK_TIMEOUT_MS);
  }

  /** The relay took the message. */
  acked(id: OperationId): void {
    this.#attempt = 0;
    this.#settle(id);
    this.pump();
  }

  /** The relay refused it for good: those behind it go on. */
  failed(id: OperationId): void {
    this.#settle(id);
    this.pump();
  }

  /** The relay refused it for now. Those that stand behind it wait too: they must not overtake it. */
  postponed(id: OperationId, retryAfterMs: number | undefined): void {
    this.#waitThenPump(retryAfterMs);
    this.#settle(id);
  }

  /** The socket is gone: no answer will come. */
  halt(): void {
    this.#stopTimers();
    this.#inFlight.clear();
    this.#attempt = 0;
  }

  #takeBatch(): Row[] {
    const oldest = this.#deps.clock.wallMs() - MESSAGE_MAX_AGE_MS;
    const batch: Row[] = [];
    let bytes = FRAME_OVERHEAD_BYTES;
    for (const row of this.#rows.values()) {
      if (row.status === 'failed' || row.status === 'acked') continue;
      if (!row.isStored || !this.#deps.mayGo(row)) break;
      if (row.message.askedAt < oldest) {
        this.#deps.onExpired(row);
        continue;
      }
      bytes += MESSAGE_OVERHEAD_BYTES + encodedBytes(row.message.text);
      if (batch.length > 0 && (bytes > FRAME_MAX_BYTES || batch.length === SEND_MAX_MESSAGES)) break;
      batch.push(row);
    }
    return batch;
  }

  #settle(id: OperationId): void {
    if (!this.#inFlight.delete(id) || this.#inFlight.size > 0) return;
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
  }

  #waitThenPump(retryAfterMs: number | undefined): void {
    if (this.#cancelWait !== undefined) return;
    // Spread and growing also where the relay says when, or all would come again at the same moment.
    const delay = (retryAfterMs ?? 0) + refusalBackoffMs(this.#attempt, this.#deps.random);
    this.#attempt += 1;
    this.#cancelWait = this.#deps.clock.setTimer(() => {
      this.#cancelWait = undefined;
      this.pump();
    }, delay);
  }

  #giveUpWaiting(): void {
    const unanswered = [...this.#inFlight];
    this.#inFlight.clear();
    for (const id of unanswered) {
      const row = this.#rows.get(id);
      if (row?.status === 'sending') this.#deps.onStatus(row, 'queued');
    }
    this.#waitThenPump(undefined);
  }

  #stopTimers(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#cancelTimeout?.();
    this.#cancelTimeout = undefined;
  }
}

/** Rows shown before, so that one that did not change keeps its identity. */
const shown = new WeakMap<Row, PendingMessage>();

function show(row: Row): PendingMessage {
  const { id, text, writtenAt, failed } = row.message;
  const status = row.status === 'acked' ? 'sending' : row.status;
  const before = shown.get(row);
  if (before?.status === status && before.reason === failed) return before;
  const now = { id, text, writtenAt, status, ...(failed !== undefined && { reason: failed }) };
  shown.set(row, now);
  return now;
}

// The longest escape in JSON is six bytes for one UTF-16 unit; short texts need no count.
function encodedBytes(text: string): number {
  return text.length <= 128 ? text.length * 6 : countUtf8Bytes(JSON.stringify(text));
}
