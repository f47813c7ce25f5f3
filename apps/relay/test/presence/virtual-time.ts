/** One virtual time for a whole cluster, and the clock of each node in it, which stands still while the node is paused. */
import type { Clock, Random } from '@parley/protocol/environment';

interface Event {
  at: number;
  order: number;
  run: () => void;
}

export class VirtualTime {
  now = 0;
  #order = 0;
  #events: Event[] = [];

  at(time: number, run: () => void): Event {
    this.#order += 1;
    const event = { at: Math.max(time, this.now), order: this.#order, run };
    let place = this.#events.length;
    while (place > 0 && this.#events[place - 1]!.at > event.at) place -= 1;
    this.#events.splice(place, 0, event);
    return event;
  }

  cancel(event: Event): void {
    const place = this.#events.indexOf(event);
    if (place >= 0) this.#events.splice(place, 1);
  }

  /** Runs everything that is due until `now + durationMs`. */
  pass(durationMs: number): void {
    const end = this.now + durationMs;
    for (let next = this.#events[0]; next !== undefined && next.at <= end; next = this.#events[0]) {
      this.#events.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

/** Its monotonic clock starts anywhere, its wall clock is off by hours: only the first may matter. */
export class NodeClock implements Clock {
  readonly #time: VirtualTime;
  readonly #offset: number;
  #waiting: (() => void)[] | undefined;

  constructor(time: VirtualTime, offset: number) {
    this.#time = time;
    this.#offset = offset;
  }

  wallMs(): number {
    return 1_764_000_000_000 + this.#time.now + this.#offset * 1_000;
  }

  monotonicMs(): number {
    return this.#time.now + this.#offset;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    let cancelled = false;
    const event = this.#time.at(this.#time.now + delayMs, () =>
      this.run(() => {
        if (!cancelled) callback();
      }),
    );
    return () => {
      cancelled = true;
      this.#time.cancel(event);
    };
  }

  /** Now, or when the node wakes. */
  run(action: () => void): void {
    if (this.#waiting === undefined) action();
    else this.#waiting.push(action);
  }

  get isPaused(): boolean {
    return this.#waiting !== undefined;
  }

  pause(): void {
    this.#waiting ??= [];
  }

  resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const action of waiting) this.run(action);
  }
}

/** Small, fast and repeatable: mulberry32. */
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
