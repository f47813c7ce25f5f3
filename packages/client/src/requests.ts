import {
  type ClientFrame,
  type ErrorCode,
  ERRORS,
  type OperationId,
  type RelayFrame,
  type RelayFrameOf,
  type RelayFrameType,
} from '@parley/protocol';
import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';
import { NoAnswerError, RefusedError } from './api.ts';
import { refusalBackoffMs } from './backoff.ts';

/** A question is asked again over reconnects for at most this long, in milliseconds. */
const QUESTION_GIVE_UP_MS = 30_000;
/** A command is repeated, with the same id, for at most this long, in milliseconds. */
const COMMAND_GIVE_UP_MS = 60_000;
/** What may succeed later, but not because time passes: whoever asked has something to do first. */
const NOT_BY_WAITING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['too_many_rooms']);

export interface RequestsDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Hands a frame to the socket; false when there is none. */
  readonly send: (frame: ClientFrame) => boolean;
}

interface Waiting {
  /** Made anew for every sending: what it asks may depend on what is held by then. */
  readonly frame: () => ClientFrame;
  readonly accept: (frame: RelayFrame) => void;
  readonly reject: (error: Error) => void;
  readonly cancelDeadline: CancelTimer;
  cancelRetry: CancelTimer | undefined;
  attempt: number;
}

type Answer<Type extends RelayFrameType> = RelayFrameOf<Type>;

/**
 * Questions and commands without an answer yet. Both outlive the socket: after a reconnect they are asked again, a command
 * with its id, so that it takes effect once. What is refused for now is repeated too.
 */
export class Requests {
  readonly #deps: RequestsDeps;
  readonly #waiting = new Map<number | OperationId, Waiting>();
  #count = 0;

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** @throws RefusedError, or NoAnswerError after QUESTION_GIVE_UP_MS. */
  ask<Type extends RelayFrameType>(type: Type, frame: (request: number) => ClientFrame): Promise<Answer<Type>> {
    const request = (this.#count += 1);
    return this.#enter(request, { type, frame: () => frame(request), giveUpMs: QUESTION_GIVE_UP_MS });
  }

  /** @throws RefusedError, or NoAnswerError after COMMAND_GIVE_UP_MS: it may have taken effect then, or still do so. */
  command(id: OperationId, frame: ClientFrame): Promise<Answer<'ack'>> {
    return this.#enter(id, { type: 'ack', frame: () => frame, giveUpMs: COMMAND_GIVE_UP_MS });
  }

  /** False when nothing waits for it. */
  answer(key: number | OperationId, frame: RelayFrame): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    this.#forget(key, waiting);
    waiting.accept(frame);
    return true;
  }

  /** The relay refused; false when nothing waits for it. */
  refuse(key: number | OperationId, error: RelayFrameOf<'error'>): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    if (error.retryable && !NOT_BY_WAITING.has(error.code)) this.#askAgainLater(waiting, error.retryAfterMs);
    else this.fail(key, error.code, error.detail);
    return true;
  }

  /** Ends what waits under this key. */
  fail(key: number | OperationId, code: ErrorCode, detail?: string): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#forget(key, waiting);
    waiting.reject(new RefusedError(code, ERRORS[code].retryable, detail));
  }

  /** A socket is up: everything without an answer is asked on it. */
  askAll(): void {
    for (const waiting of this.#waiting.values()) this.#send(waiting);
  }

  /** Nothing will be answered any more. */
  stop(): void {
    for (const [key, waiting] of this.#waiting) {
      this.#forget(key, waiting);
      waiting.reject(new NoAnswerError('stopped'));
    }
  }

  #enter<Type extends RelayFrameType>(
    key: number | OperationId,
    request: { type: Type; frame: () => ClientFrame; giveUpMs: number },
  ): Promise<Answer<Type>> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        frame: request.frame,
        accept: (frame) =>
          isOfType(frame, request.type) ? resolve(frame) : reject(new RefusedError('internal', false)),
        reject,
        cancelDeadline: this.#deps.clock.setTimer(() => this.#giveUp(key), request.giveUpMs),
        cancelRetry: undefined,
        attempt: 0,
      };
      this.#waiting.set(key, waiting);
      this.#send(waiting);
    });
  }

  #send(waiting: Waiting): void {
    waiting.cancelRetry?.();
    waiting.cancelRetry = undefined;
    this.#deps.send(waiting.frame());
  }

  #askAgainLater(waiting: Waiting, retryAfterMs: number | undefined): void {
    const delayMs = (retryAfterMs ?? 0) + refusalBackoffMs(waiting.attempt, this.#deps.random);
    waiting.attempt += 1;
    waiting.cancelRetry?.();
    waiting.cancelRetry = this.#deps.clock.setTimer(() => this.#send(waiting), delayMs);
  }

  #giveUp(key: number | OperationId): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#forget(key, waiting);
    waiting.reject(new NoAnswerError('timeout'));
  }

  #forget(key: number | OperationId, waiting: Waiting): void {
    this.#waiting.delete(key);
    waiting.cancelDeadline();
    waiting.cancelRetry?.();
  }
}

function isOfType<Type extends RelayFrameType>(frame: RelayFrame, type: Type): frame is RelayFrameOf<Type> {
  return frame.type === type;
}
