/** All sessions of this node: who is silent, who has expired, and how everybody is moved elsewhere. */
import type { ErrorCode } from '@parley/protocol';
import type { Environment } from '../environment.ts';
import type { Session } from './session.ts';

/** Every session is looked at this often, a part of them every second so that pings are spread. Milliseconds. */
const SWEEP_MS = 15_000;
const STEP_MS = 1_000;
const STEPS = SWEEP_MS / STEP_MS;
/** Silent for longer: pinged, so also a quiet live one between its own pings of every 25 s; its answer costs little. */
const PING_AFTER_MS = 14_000;
/** Silent for longer: as good as gone. With SWEEP_MS a half-open link is noticed within 45 s. */
const DEAD_AFTER_MS = 30_000;
/** A session that was asked to move and stayed is closed so long after its slot: its client had time to connect anew. */
const MOVE_LEAVE_MS = 10_000;
/** A drained session that did not leave by itself is closed so long after its slot. */
const DRAIN_LEAVE_MS = 500;

export class SessionRegistry {
  readonly #environment: Environment;
  readonly #parts: Set<Session>[] = Array.from({ length: STEPS }, () => new Set());
  readonly #leaving = new WeakSet<Session>();
  readonly #moving = new WeakSet<Session>();
  #nextId = 1;
  #step = 0;
  #size = 0;
  #sweeping = false;
  #onEmpty: (() => void) | undefined;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  get size(): number {
    return this.#size;
  }

  /** Makes the session with an id of its own and looks after it. */
  open(make: (id: string, onEnd: (session: Session) => void) => Session): Session {
    const number = this.#nextId;
    this.#nextId += 1;
    const part = this.#parts[number % STEPS];
    const session = make(String(number), (ended) => {
      if (part?.delete(ended) !== true) return;
      this.#size -= 1;
      if (this.#size === 0) this.#onEmpty?.();
    });
    part?.add(session);
    this.#size += 1;
    this.#sweepLater();
    return session;
  }

  /** After a pause: whoever is gone is noticed soon. */
  checkAll(): void {
    for (const session of this.#all()) session.outbound.socket.ping();
  }

  /** Tells every session its own moment within `windowMs` to come back elsewhere, and closes in the same waves. */
  async drain(windowMs: number): Promise<void> {
    const sessions = [...this.#all()];
    if (sessions.length === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const [place, session] of sessions.entries()) {
      const slotMs = Math.floor((place / sessions.length) * windowMs);
      // Before its welcome a session knows no other frame: it is closed and comes back elsewhere.
      if (windowMs === 0 || session.state !== 'open') session.drain();
      else {
        session.reply({ type: 'goaway', delayMs: slotMs });
        this.#environment.clock.setTimer(() => session.drain(), slotMs + DRAIN_LEAVE_MS);
      }
    }
    await empty;
  }

  /** Asks so many sessions to connect again, each at its own moment within `windowMs`. */
  move(count: number, windowMs: number): void {
    let place = 0;
    for (const session of this.#all()) {
      if (place === count) break;
      if (session.state !== 'open' || this.#moving.has(session)) continue;
      this.#moving.add(session);
      const slotMs = Math.floor((place / count) * windowMs);
      session.reply({ type: 'goaway', delayMs: slotMs });
      this.#environment.clock.setTimer(() => session.drain(), slotMs + MOVE_LEAVE_MS);
      place += 1;
    }
  }

  /** Asks every session to look for another node, each at its own moment within `windowMs`. Whoever finds none stays. */
  offerElsewhere(windowMs: number): void {
    const sessions = [...this.#all()].filter(({ state }) => state === 'open');
    for (const [place, session] of sessions.entries())
      session.reply({ type: 'goaway', delayMs: Math.floor((place / sessions.length) * windowMs) });
  }

  /** Tells every session why it cannot stay and closes it, in waves within `windowMs`. */
  closeAll(code: ErrorCode, windowMs: number): void {
    const sessions = [...this.#all()].filter((session) => !this.#leaving.has(session));
    for (const [place, session] of sessions.entries()) {
      this.#leaving.add(session);
      const leave = (): void => {
        if (session.state !== 'closed') session.closeFor(code);
      };
      this.#environment.clock.setTimer(leave, Math.floor((place / sessions.length) * windowMs));
    }
  }

  *#all(): Iterable<Session> {
    for (const part of this.#parts) yield* part;
  }

  #sweepLater(): void {
    if (this.#sweeping || this.#size === 0) return;
    this.#sweeping = true;
    this.#environment.clock.setTimer(() => {
      this.#sweeping = false;
      this.#sweep();
      this.#sweepLater();
    }, STEP_MS);
  }

  #sweep(): void {
    this.#step = (this.#step + 1) % STEPS;
    const nowMs = this.#environment.clock.monotonicMs();
    for (const session of this.#parts[this.#step] ?? []) {
      const silentMs = nowMs - session.lastHeardMs;
      if (!session.checkExpiry()) continue;
      if (silentMs > DEAD_AFTER_MS) {
        session.outbound.socket.terminate();
        session.end();
      } else if (silentMs > PING_AFTER_MS) session.outbound.socket.ping();
    }
  }
}
