/**
 * The life of one socket: open, hello, frames, heartbeat, close. It knows no conversations and never comes back; link.ts
 * makes the next one. Received frames go to link.ts, and from there to client.ts.
 */
import {
  type ClientFrame,
  CLOSE_NORMAL,
  type DecodeFailure,
  decodeRelayFrame,
  encodeClientFrame,
  type ErrorCode,
  ERRORS,
  type RelayFrame,
} from '@parley/protocol';
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { ConnectionPhase } from './connection-state.ts';
import { type Beat, firstBeat, type Heartbeat, nextBeat, urgentBeat } from './heartbeat.ts';
import type { OpenSocket, SocketLike, SocketTarget } from './socket.ts';

/** From the first attempt to open to `welcome`, in milliseconds: a black hole never answers. */
const WELCOME_TIMEOUT_MS = 10_000;
/** No close frame came (RFC 6455 §7.4.1). */
const CLOSE_ABNORMAL = 1006;

export interface ConnectionEnd {
  readonly code: number;
  /** False when the upgrade itself failed. */
  readonly wasOpen: boolean;
  /** The last error that was about the socket itself. */
  readonly error?: ErrorCode;
}

export interface ConnectionDeps {
  readonly target: SocketTarget;
  readonly openSocket: OpenSocket;
  readonly clock: Clock;
  /** The `hello` for this moment: asked for within the open event. */
  readonly hello: () => ClientFrame;
  readonly onFrame: (frame: RelayFrame, connection: Connection) => void;
  readonly onUndecodable: (failure: DecodeFailure) => void;
  /** Once, unless `close` was called. */
  readonly onEnd: (end: ConnectionEnd, connection: Connection) => void;
}

export class Connection {
  readonly #deps: ConnectionDeps;
  #phase: ConnectionPhase = { name: 'opening' };
  #socket: SocketLike | undefined;
  #heartbeat: Heartbeat | undefined;
  #heardAt = 0;
  #pings = 0;
  #error: ErrorCode | undefined;
  #cancelTimer: CancelTimer | undefined;

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  get phase(): ConnectionPhase {
    return this.#phase;
  }

  open(): void {
    const { clock, openSocket, target } = this.#deps;
    this.#cancelTimer = clock.setTimer(() => this.#end(CLOSE_ABNORMAL), WELCOME_TIMEOUT_MS);
    const events = {
      onOpen: () => this.#handleOpen(),
      onText: (text: string) => this.#handleText(text),
      onClose: (code: number) => this.#end(code),
    };
    try {
      this.#socket = openSocket(target, events);
    } catch {
      // The platform refuses the address itself (a content policy, a bad token): as a failure to connect.
      this.#cancelTimer();
      this.#cancelTimer = clock.setTimer(() => this.#end(CLOSE_ABNORMAL), 0);
    }
  }

  /** False when the socket is not open. */
  send(frame: ClientFrame): boolean {
    if (this.#socket === undefined || this.#phase.name === 'opening' || this.#phase.name === 'closed') return false;
    this.#socket.send(encodeClientFrame(frame));
    return true;
  }

  /** Pings at once; one silence of PONG_TIMEOUT_MS then ends the connection. Nothing before the welcome, which has its own limit. */
  check(): void {
    if (this.#heartbeat === undefined) return;
    const isBeingChecked = this.#heartbeat.urgent && this.#heardAt < this.#heartbeat.pingedAt;
    if (isBeingChecked) return;
    this.#follow(urgentBeat(this.#deps.clock.monotonicMs()));
  }

  /** Ends it without `onEnd`. */
  close(): void {
    if (this.#phase.name === 'closed') return;
    this.#leave();
    this.#socket?.close(CLOSE_NORMAL);
  }

  #handleOpen(): void {
    if (this.#phase.name !== 'opening') return;
    this.#phase = { name: 'greeting' };
    this.send(this.#deps.hello());
  }

  #handleText(text: string): void {
    if (this.#phase.name === 'closed') return;
    this.#heardAt = this.#deps.clock.monotonicMs();
    const decoded = decodeRelayFrame(text);
    if (!decoded.ok) {
      this.#deps.onUndecodable(decoded);
      return;
    }
    const { frame } = decoded;
    if (frame.type === 'welcome') this.#handleWelcome(frame.node);
    else if (frame.type === 'caughtUp' && this.#phase.name === 'replaying') {
      this.#phase = { name: 'live', node: this.#phase.node };
    } else if (frame.type === 'error' && frame.id === undefined && frame.request === undefined) {
      this.#error = frame.code;
    }
    this.#deps.onFrame(frame, this);
  }

  #handleWelcome(node: string): void {
    if (this.#phase.name !== 'greeting') return;
    this.#phase = { name: 'replaying', node };
    this.#follow(firstBeat(this.#deps.clock.monotonicMs()));
  }

  #follow(beat: Beat): void {
    const { clock } = this.#deps;
    this.#heartbeat = beat.heartbeat;
    this.#cancelTimer?.();
    if (beat.action === 'dead') {
      this.#end(ERRORS.heartbeat_lost.closeCode);
      return;
    }
    this.#cancelTimer = clock.setTimer(() => this.#beat(), Math.max(0, beat.wakeAt - clock.monotonicMs()));
    if (beat.action === 'ping') this.send({ type: 'ping', n: (this.#pings += 1) });
  }

  #beat(): void {
    if (this.#heartbeat === undefined) return;
    this.#follow(nextBeat(this.#heartbeat, this.#heardAt, this.#deps.clock.monotonicMs()));
  }

  #end(code: number): void {
    if (this.#phase.name === 'closed') return;
    const wasOpen = this.#phase.name !== 'opening';
    this.#leave();
    // Where this side gives up, the socket may still be there.
    if (code === CLOSE_ABNORMAL) this.#socket?.close(CLOSE_NORMAL);
    else if (code === ERRORS.heartbeat_lost.closeCode) this.#socket?.close(code);
    this.#deps.onEnd({ code, wasOpen, ...(this.#error !== undefined && { error: this.#error }) }, this);
  }

  #leave(): void {
    this.#phase = { name: 'closed' };
    this.#heartbeat = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }
}
