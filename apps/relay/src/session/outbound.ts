/**
 * The outbound queue of one socket: classes, conflation, coalescing, and the end of a reader that does not read.
 * Fed by fan-out, presence and dispatch with encoded frames; written to the socket by the node's FlushScheduler.
 */
import type { FlushScheduler } from './flush-scheduler.ts';
import type { OutgoingFrame } from './outgoing-frame.ts';
import { OutgoingBatch } from './outgoing-batch.ts';

/** What the relay needs of a socket that takes WebSocket frames as bytes. */
export interface FrameSocket {
  /** Bytes handed over and not yet taken by the peer's kernel. */
  readonly bufferedBytes: number;
  write(bytes: Uint8Array): void;
  /** Closing handshake with a code; frames written before it still go out. */
  close(code: number, reason: string): void;
  /** Ends the socket now; only this frees the buffer of a reader that stopped. */
  terminate(): void;
  ping(): void;
}

/** Over this, what is only true for a moment is dropped. */
export const EPHEMERAL_MAX_BUFFERED_BYTES = 256 * 1024;
/** Over this the reader is cut; it may resume. */
export const MAX_BUFFERED_BYTES = 1024 * 1024;
/** A socket that took nothing for this long is cut. */
export const STUCK_MS = 10_000;

export interface OutboundEvents {
  /** The reader was cut: `terminate` was called. */
  onCut(): void;
  /** Something ephemeral was dropped that does not come again by itself. */
  onDropped(): void;
}

export class Outbound {
  readonly socket: FrameSocket;
  readonly #scheduler: FlushScheduler;
  readonly #events: OutboundEvents;
  #batch: OutgoingBatch | undefined;
  #ephemeral: Map<string, OutgoingFrame> | undefined;
  #waitingBytes = 0;
  #closed = false;
  #writtenBytes = 0;
  /** Bytes that the peer had taken when it last took any, and when that was; undefined while it has taken all. */
  #takenBytes = 0;
  #takenAtMs: number | undefined;

  constructor(socket: FrameSocket, scheduler: FlushScheduler, events: OutboundEvents) {
    this.socket = socket;
    this.#scheduler = scheduler;
    this.#events = events;
  }

  /** Bytes on this side of the network: waiting here or in the socket. */
  get bufferedBytes(): number {
    return this.#waitingBytes + this.socket.bufferedBytes;
  }

  push(frame: OutgoingFrame): void {
    if (this.#closed) return;
    if (frame.class === 'ephemeral') {
      this.#ephemeral ??= new Map();
      this.#ephemeral.set(frame.key, frame);
    } else {
      this.#batch = OutgoingBatch.append(this.#batch, frame);
      this.#waitingBytes += frame.bytes.length;
    }
    // One turn may bring hundreds of questions, each with a long answer: the limit holds within it too.
    if (this.#waitingBytes > MAX_BUFFERED_BYTES) this.flush();
    else this.#scheduler.add(this);
  }

  /** Called by the scheduler. */
  flush(): void {
    if (this.#closed) return;
    this.#addEphemeral();
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#waitingBytes = 0;
    if (this.socket.bufferedBytes === 0) this.#takenAtMs = undefined;
    this.#writtenBytes += batch.bytes.length;
    this.socket.write(batch.bytes);
    this.checkReader();
  }

  /** Called after writes and, for sockets with bytes under way, every second or so. Cuts a reader that does not read. */
  checkReader(): void {
    if (this.#closed) return;
    const buffered = this.socket.bufferedBytes;
    if (buffered === 0) {
      this.#takenAtMs = undefined;
      return;
    }
    const nowMs = this.#scheduler.nowMs();
    // However much has been added meanwhile: a peer that takes some, slowly perhaps, does read.
    const taken = this.#writtenBytes - buffered;
    if (this.#takenAtMs === undefined || taken > this.#takenBytes) {
      this.#takenBytes = taken;
      this.#takenAtMs = nowMs;
    }
    this.#scheduler.watchReader(this);
    if (buffered > MAX_BUFFERED_BYTES || nowMs - this.#takenAtMs > STUCK_MS) {
      this.#closed = true;
      this.socket.terminate();
      this.#events.onCut();
    }
  }

  /** Sends what waits and then closes. */
  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.flush();
    this.#closed = true;
    this.socket.close(code, reason);
  }

  /** The socket is gone. */
  release(): void {
    this.#closed = true;
    this.#batch = undefined;
    this.#ephemeral = undefined;
  }

  #addEphemeral(): void {
    const ephemeral = this.#ephemeral;
    if (ephemeral === undefined) return;
    this.#ephemeral = undefined;
    if (this.bufferedBytes > EPHEMERAL_MAX_BUFFERED_BYTES) {
      this.#events.onDropped();
      return;
    }
    for (const frame of ephemeral.values()) this.#batch = OutgoingBatch.append(this.#batch, frame);
  }
}
