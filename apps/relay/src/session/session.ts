/**
 * One WebSocket on this node: what it may do, and when it ends. Receives text from the socket route, hands frames to
 * dispatch.ts; what goes out passes its outbound queue.
 */
import {
  type ClientFrame,
  CLOSE_DRAINING,
  CLOSE_NORMAL,
  CLOSE_TOO_LARGE,
  decodeClientFrame,
  type DecodeFailure,
  ERRORS,
  type ErrorCode,
  HELLO_TIMEOUT_MS,
  type RelayFrame,
} from '@parley/protocol';
import type { CancelTimer } from '@parley/protocol/environment';
import { dispatch } from './dispatch.ts';
import type { Listener } from './fan-out.ts';
import { countRefusal, noRefusals } from './flood.ts';
import { type FrameSocket, Outbound } from './outbound.ts';
import { encodeControl, type OutgoingFrame } from './outgoing-frame.ts';
import type { Replay } from './replay.ts';
import type { Refusal, Services } from './services.ts';
import { fullBucket, takeTokens, type TokenBucket } from './token-bucket.ts';

/** Who is on the other side, as the upgrade established it. */
export interface Identity {
  user: string;
  /** The name at sign-in: for a node that never heard of the user, because the log was made anew. */
  name: string;
  /** Wall clock, milliseconds since 1970. */
  expiresAtMs: number;
}

/** Refused frames that an honest client of another version could send; more in the life of one socket is an attack. */
const MOST_BAD_FRAMES = 50;

/** Frames that may wait for `welcome` and for the rooms; an honest client has little to say before it. */
const MOST_EARLY_FRAMES = 20;
const EARLY_RETRY_MS = 1_000;

export type SessionState = 'expectingHello' | 'greeting' | 'open' | 'closed';

export class Session implements Listener {
  readonly id: string;
  readonly identity: Identity;
  readonly services: Services;
  readonly outbound: Outbound;
  rooms: Set<string> | undefined;
  state: SessionState = 'expectingHello';
  idle = false;
  replay: Replay | undefined;
  /** Monotonic time of the last sign of life. */
  lastHeardMs: number;
  #badFrames = 0;
  readonly #refusals = noRefusals();
  #early: ClientFrame[] = [];
  readonly #frames: TokenBucket;
  readonly #onEnd: (session: Session) => void;
  #helloTimer: CancelTimer | undefined;

  constructor(options: {
    id: string;
    identity: Identity;
    services: Services;
    socket: FrameSocket;
    onEnd: (session: Session) => void;
  }) {
    this.id = options.id;
    this.identity = options.identity;
    this.services = options.services;
    this.#onEnd = options.onEnd;
    const { clock } = options.services.environment;
    this.lastHeardMs = clock.monotonicMs();
    this.#frames = fullBucket(options.services.limits.frames, this.lastHeardMs);
    this.outbound = new Outbound(options.socket, options.services.scheduler, this);
    this.#helloTimer = clock.setTimer(() => {
      if (this.state === 'expectingHello') this.closeFor('hello_timeout');
    }, HELLO_TIMEOUT_MS);
  }

  get user(): string {
    return this.identity.user;
  }

  get isOpen(): boolean {
    return this.state === 'open';
  }

  push(frame: OutgoingFrame): void {
    this.outbound.push(frame);
  }

  reply(frame: RelayFrame): void {
    this.outbound.push(encodeControl(frame));
  }

  /** Refuses an operation, a question or a frame. */
  refuse(refusal: Refusal, about: { id?: string; request?: number } = {}): void {
    this.reply({ type: 'error', retryable: ERRORS[refusal.code].retryable, ...refusal, ...about });
  }

  /** A text message from the peer. Never throws: a fault in handling one frame ends neither the process nor the socket. */
  receive(text: string): void {
    if (this.state === 'closed') return;
    const { environment, limits, metrics } = this.services;
    this.lastHeardMs = environment.clock.monotonicMs();
    const waitMs = takeTokens(this.#frames, limits.frames, { count: 1, nowMs: this.lastHeardMs });
    const decoded = decodeClientFrame(text);
    if (!decoded.ok) {
      metrics.badFrames += 1;
      this.#refuseBadFrame(decoded);
      return;
    }
    if (waitMs > 0) {
      if (countRefusal(this.#refusals, limits.frames.burst, this.lastHeardMs)) this.closeFor('too_many_bad_frames');
      else this.#refuseForRate(decoded.frame, waitMs);
      return;
    }
    if (!this.#mustWait(decoded.frame)) this.#handle(decoded.frame);
    else if (this.#early.length < MOST_EARLY_FRAMES) this.#early.push(decoded.frame);
    else this.#refuseForRate(decoded.frame, EARLY_RETRY_MS);
  }

  /** A binary message from the peer. */
  receiveBinary(): void {
    if (this.state === 'closed') return;
    this.heard();
    this.services.metrics.badFrames += 1;
    this.#refuseBadFrame({ ok: false, code: 'malformed_frame', detail: 'not text' });
  }

  /** The welcome was said, or the rooms are known: now the frames that waited for it. */
  handleEarly(): void {
    for (const frame of this.#early.splice(0)) {
      if (this.state !== 'open') return;
      if (this.#mustWait(frame)) this.#early.push(frame);
      else this.#handle(frame);
    }
  }

  /** A sign of life that is no frame: the answer to a ping. */
  heard(): void {
    this.lastHeardMs = this.services.environment.clock.monotonicMs();
  }

  /** The sign-in ends while the socket lives. */
  checkExpiry(): boolean {
    if (this.services.environment.clock.wallMs() < this.identity.expiresAtMs) return true;
    this.closeFor('session_expired');
    return false;
  }

  helloDone(): void {
    this.#helloTimer?.();
    this.#helloTimer = undefined;
  }

  /** Tells why and closes with the code of the table; 1008 for what the table closes no socket for. */
  closeFor(code: ErrorCode): void {
    this.refuse({ code });
    this.close(ERRORS[code].closeCode ?? 1008, code);
  }

  drain(): void {
    this.close(CLOSE_DRAINING, 'draining');
  }

  close(closeCode: number = CLOSE_NORMAL, reason = ''): void {
    if (this.state === 'closed') return;
    this.outbound.close(closeCode, reason);
    this.end();
  }

  /** The socket is gone, or is as good as gone. */
  end(): void {
    if (this.state === 'closed') return;
    const wasOpen = this.state === 'open';
    this.state = 'closed';
    this.helloDone();
    this.replay = undefined;
    this.#early = [];
    this.outbound.release();
    this.services.broadcast.unwatch(this);
    if (wasOpen) {
      this.services.fanOut.remove(this);
      this.services.presence.closeSession(this.user, this.id);
    }
    this.#onEnd(this);
  }

  onCut(): void {
    this.services.metrics.slowReaders += 1;
    this.end();
  }

  onDropped(): void {
    // What was dropped may have been the only word of a change: the whole picture again, once the reader has caught up.
    this.services.broadcast.resnapshot(this);
  }

  /**
   * The first answer is `welcome`. And what is written must come back to this session as an entry, which it does in rooms
   * that are known to be the user's.
   */
  #mustWait(frame: ClientFrame): boolean {
    if (this.state === 'greeting') return true;
    return this.replay?.isListing === true && ('id' in frame || frame.type === 'send');
  }

  #handle(frame: ClientFrame): void {
    try {
      dispatch(this, frame);
    } catch (error) {
      this.services.environment.logger.error({ err: error, frame: frame.type }, 'a frame could not be handled');
      this.refuse({ code: 'internal' }, referenceOf(frame));
    }
  }

  #refuseBadFrame(failure: DecodeFailure): void {
    if (failure.code === 'too_large') {
      this.close(CLOSE_TOO_LARGE, failure.detail);
      return;
    }
    const refusal = { code: failure.code, detail: failure.detail };
    if (failure.code === 'version_unsupported') {
      this.closeFor(failure.code);
      return;
    }
    if (failure.ids === undefined || failure.ids.length === 0) {
      this.refuse(refusal, {
        ...(failure.id === undefined ? {} : { id: failure.id }),
        ...(failure.request === undefined ? {} : { request: failure.request }),
      });
    } else for (const id of failure.ids) this.refuse(refusal, { id });
    this.#badFrames += 1;
    if (this.#badFrames > MOST_BAD_FRAMES) this.closeFor('too_many_bad_frames');
  }

  #refuseForRate(frame: ClientFrame, waitMs: number): void {
    const refusal: Refusal = { code: 'rate_limited', retryAfterMs: waitMs };
    if (frame.type === 'send') for (const { id } of frame.messages) this.refuse(refusal, { id });
    else this.refuse(refusal, referenceOf(frame));
  }
}

/** What an answer to this frame must name. */
export function referenceOf(frame: ClientFrame): { id?: string; request?: number } {
  if ('id' in frame) return { id: frame.id };
  if ('request' in frame) return { request: frame.request };
  return {};
}
