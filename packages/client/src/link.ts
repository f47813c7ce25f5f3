/**
 * Stays connected: one connection after the other, with back-off in between, and a new one before the old one leaves when
 * the node says `goaway`. Called by client.ts; what the sockets receive goes on to client.ts in an order that may overlap
 * but has no hole.
 */
import {
  type ClientFrame,
  type DecodeFailure,
  ERROR_CODES,
  type ErrorCode,
  ERRORS,
  type RelayFrame,
  shouldReconnect,
} from '@parley/protocol';
import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';
import type { ConnectionState } from './api.ts';
import { backoffMs } from './backoff.ts';
import { Connection, type ConnectionEnd } from './connection.ts';
import { stateOf } from './connection-state.ts';
import type { OpenSocket, SocketTarget } from './socket.ts';

/** Only a socket that stayed caught up for this long makes the next back-off start from the beginning. Milliseconds. */
const STABLE_AFTER_MS = 5_000;

export interface LinkDeps {
  readonly target: SocketTarget;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  readonly random: Random;
  /** Asked after upgrades that failed: whether the sign-in itself is over. Never rejects. */
  readonly isSignedOut: () => Promise<boolean>;
  readonly hello: () => ClientFrame;
  /** `isLive`: the socket that brought it had caught up before. */
  readonly onFrame: (frame: RelayFrame, isLive: boolean) => void;
  readonly onUndecodable: (failure: DecodeFailure) => void;
  readonly onState: (state: ConnectionState) => void;
  /** A socket has caught up, and `send` uses it from now on. After a handover too, without an `onDown` in between. */
  readonly onUp: () => void;
  /** The socket that was up is gone. */
  readonly onDown: () => void;
}

export class Link {
  readonly #deps: LinkDeps;
  #state: ConnectionState = { status: 'idle' };
  #current: Connection | undefined;
  /** Takes over from `current` once it has caught up. */
  #next: Connection | undefined;
  /** `next` said goaway while it took over: when it has to be left itself, on the monotonic clock. */
  #nextLeaveAt: number | undefined;
  /** Entries that `current` brought since `next` said hello: `next` brings them too, unless it fails. */
  #heldBack: RelayFrame[] = [];
  #isUp = false;
  #attempt = 0;
  #failedUpgrades = 0;
  #cancelRetry: CancelTimer | undefined;
  #cancelStable: CancelTimer | undefined;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  start(): void {
    if (this.#state.status !== 'idle' && this.#state.status !== 'stopped') return;
    this.#attempt = 0;
    this.#failedUpgrades = 0;
    this.#openCurrent();
  }

  stop(code?: ErrorCode | 'not_signed_in'): void {
    if (this.#state.status === 'stopped') return;
    this.#cancelTimers();
    this.#closeAll();
    this.#setDown();
    this.#setState({ status: 'stopped', ...(code !== undefined && { code }) });
  }

  /** Starts over with a new socket and a new hello, without waiting. */
  restart(): void {
    this.#cancelTimers();
    this.#closeAll();
    this.#setDown();
    this.#openCurrent();
  }

  reconnectNow(): void {
    if (this.#state.status === 'waiting') this.#openCurrent();
  }

  check(): void {
    if (this.#state.status === 'waiting') this.#openCurrent();
    else this.#current?.check();
  }

  /** False when there is no caught-up socket. */
  send(frame: ClientFrame): boolean {
    return this.#isUp && this.#current !== undefined && this.#current.send(frame);
  }

  #openCurrent(): void {
    this.#cancelTimers();
    this.#current = this.#makeConnection();
    this.#setState(stateOf(this.#current.phase, this.#attempt));
    this.#current.open();
  }

  #openNext(): void {
    if (this.#current === undefined || this.#next !== undefined) return;
    this.#next = this.#makeConnection();
    this.#next.open();
  }

  #makeConnection(): Connection {
    const { target, openSocket, clock, hello, onUndecodable } = this.#deps;
    return new Connection({
      target,
      openSocket,
      clock,
      hello,
      onUndecodable,
      onFrame: (frame, connection) => this.#handleFrame(frame, connection),
      onEnd: (end, connection) => this.#handleEnd(end, connection),
    });
  }

  #handleFrame(frame: RelayFrame, connection: Connection): void {
    const isCurrent = connection === this.#current;
    if (frame.type === 'goaway') this.#handleGoaway(frame.delayMs, isCurrent);
    if (frame.type === 'caughtUp' && !isCurrent) this.#handOver();
    const isWelcomed = this.#next?.phase.name === 'greeting' || this.#next?.phase.name === 'replaying';
    // The two nodes may not be equally far: what one has not applied yet must not be asked of it as if it had.
    if (isCurrent && isWelcomed && frame.type === 'entries') this.#heldBack.push(frame);
    else this.#deps.onFrame(frame, this.#isUp && isCurrent && frame.type !== 'caughtUp');
    if (connection !== this.#current) return;
    if (frame.type === 'welcome' || frame.type === 'caughtUp') this.#setState(stateOf(connection.phase, this.#attempt));
    if (frame.type === 'caughtUp') this.#setUp();
  }

  #handOver(): void {
    this.#current?.close();
    this.#promoteNext();
    this.#heldBack = [];
  }

  #promoteNext(): void {
    const leaveAt = this.#nextLeaveAt;
    this.#current = this.#next;
    this.#next = undefined;
    this.#nextLeaveAt = undefined;
    // What was planned was to get away from the one that is gone.
    this.#cancelRetry?.();
    if (this.#current !== undefined && leaveAt !== undefined) this.#moveAt(leaveAt);
  }

  #closeAll(): void {
    this.#current?.close();
    this.#next?.close();
    this.#current = undefined;
    this.#next = undefined;
    this.#nextLeaveAt = undefined;
    this.#heldBack = [];
  }

  #handleEnd(end: ConnectionEnd, connection: Connection): void {
    if (!shouldReconnect(end.code)) {
      this.stop(codeOf(end));
      return;
    }
    if (!end.wasOpen) this.#suspectSignIn();
    if (connection === this.#next) {
      this.#next = undefined;
      this.#nextLeaveAt = undefined;
      this.#releaseHeldBack();
      this.#retryLater(() => this.#openNext());
      return;
    }
    this.#promoteNext();
    this.#releaseHeldBack();
    this.#setDown();
    if (this.#current !== undefined) this.#setState(stateOf(this.#current.phase, this.#attempt));
    else if (this.#state.status !== 'stopped') this.#wait();
  }

  #wait(): void {
    const attempt = this.#attempt;
    const retryInMs = this.#retryLater(() => this.#openCurrent());
    this.#setState({ status: 'waiting', attempt, retryInMs, sinceMs: this.#deps.clock.monotonicMs() });
  }

  #handleGoaway(delayMs: number, isCurrent: boolean): void {
    const leaveAt = this.#deps.clock.monotonicMs() + delayMs;
    if (isCurrent) this.#moveAt(leaveAt);
    else this.#nextLeaveAt = leaveAt;
  }

  #moveAt(leaveAt: number): void {
    const { clock } = this.#deps;
    this.#cancelRetry?.();
    this.#cancelRetry = clock.setTimer(() => this.#openNext(), Math.max(0, leaveAt - clock.monotonicMs()));
  }

  #retryLater(open: () => void): number {
    const delayMs = backoffMs(this.#attempt, this.#deps.random);
    this.#attempt += 1;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#deps.clock.setTimer(open, delayMs);
    return delayMs;
  }

  // Why an upgrade failed cannot be seen in a browser. Asked after the first failure and every second one: more rarely, and whoever
  // was signed out while the relay was gone waits for minutes to hear it.
  #suspectSignIn(): void {
    this.#failedUpgrades += 1;
    const failures = this.#failedUpgrades;
    if (failures > 1 && failures % 2 !== 0) return;
    void this.#stopWhenSignedOut(failures);
  }

  async #stopWhenSignedOut(failures: number): Promise<void> {
    // A socket that opened meanwhile has set the count back.
    if ((await this.#deps.isSignedOut()) && this.#failedUpgrades >= failures) this.stop('not_signed_in');
  }

  #setUp(): void {
    this.#isUp = true;
    this.#failedUpgrades = 0;
    this.#cancelStable?.();
    this.#cancelStable = this.#deps.clock.setTimer(() => (this.#attempt = 0), STABLE_AFTER_MS);
    this.#deps.onUp();
  }

  #setDown(): void {
    this.#cancelStable?.();
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#deps.onDown();
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.#deps.onState(state);
  }

  #releaseHeldBack(): void {
    const frames = this.#heldBack;
    this.#heldBack = [];
    for (const frame of frames) this.#deps.onFrame(frame, this.#isUp);
  }

  #cancelTimers(): void {
    this.#cancelRetry?.();
    this.#cancelStable?.();
  }
}

function codeOf(end: ConnectionEnd): ErrorCode {
  const known = ERROR_NAMES.get(end.code);
  return known ?? end.error ?? 'internal';
}

const ERROR_NAMES = new Map<number, ErrorCode>(
  ERROR_CODES.flatMap((code) => {
    const { closeCode } = ERRORS[code];
    return closeCode === null ? [] : [[closeCode, code] as const];
  }),
);
