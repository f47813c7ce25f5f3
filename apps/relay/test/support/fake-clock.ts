import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';

interface Timer {
  atMs: number;
  callback: () => void;
}

/** Time that passes only when told. */
export class FakeClock implements Clock {
  #nowMs = 1_000;
  #timers: Timer[] = [];

  wallMs(): number {
    return 1_764_000_000_000 + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(callback: () => void, delayMs: number): CancelTimer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Runs what falls due, in order, each at its own time. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let due = this.#next(endMs); due !== undefined; due = this.#next(endMs)) {
      const timer = due;
      this.#timers = this.#timers.filter((each) => each !== timer);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
    }
    this.#nowMs = endMs;
  }

  /** As `advance`, with promises and microtasks done after each timer. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settled();
    for (let due = this.#next(endMs); due !== undefined; due = this.#next(endMs)) {
      this.advance(due.atMs - this.#nowMs);
      await settled();
    }
    this.advance(endMs - this.#nowMs);
    await settled();
  }

  #next(untilMs: number): Timer | undefined {
    return this.#timers.filter(({ atMs }) => atMs <= untilMs).toSorted((one, other) => one.atMs - other.atMs)[0];
  }
}

/** Lets everything run that needs no time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A small generator with a seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { float, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(float() * 256)) };
}
