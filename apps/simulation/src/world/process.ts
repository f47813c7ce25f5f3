/**
 * Something that lives, stands still and dies: a node, a broker, a client. All that happens to it passes `deliver`, so that a paused one gets
 * it when it wakes and a dead one never.
 */
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { SeededRandom } from '@parley/testing';
import type { VirtualTime } from './virtual-time.ts';

/** Wall clocks begin here; milliseconds since 1970. */
const WALL_START_MS = 1_764_000_000_000;

interface Held {
  label: string;
  run: () => void;
  isTimer: boolean;
}

export class SimProcess {
  readonly name: string;
  readonly random: SeededRandom;
  readonly time: VirtualTime;
  /** Milliseconds by which its wall clock is off. */
  wallOffsetMs = 0;
  readonly clock: Clock;
  readonly #monotonicOffsetMs: number;
  readonly #onDeath = new Set<() => void>();
  #held: Held[] | undefined;
  #fuse: { left: number; burn: () => void } | undefined;
  #isAlive = true;

  constructor(name: string, time: VirtualTime, random: SeededRandom) {
    this.name = name;
    this.time = time;
    this.random = random;
    // A monotonic clock begins anywhere.
    this.#monotonicOffsetMs = Math.floor(random.between(0, 1_000_000));
    this.clock = {
      wallMs: () => Math.floor(WALL_START_MS + time.now + this.wallOffsetMs),
      monotonicMs: () => this.#monotonicOffsetMs + time.now,
      setTimer: (callback, delayMs) => this.#setTimer(callback, delayMs),
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  /** Within the event at hand: now, or when it wakes. */
  deliver(label: string, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#held === undefined) run();
    else this.#held.push({ label, run, isTimer: false });
  }

  /** After a time, or when it wakes. */
  after(delayMs: number, label: string, run: () => void): void {
    this.time.after(delayMs, label, () => this.deliver(label, run));
  }

  /** Its turn of work ends, and this comes before its timers. */
  soon(callback: () => void): void {
    this.after(this.random.float() * 0.05, `${this.name} soon`, callback);
  }

  pause(): void {
    if (this.#isAlive) this.#held ??= [];
  }

  /** What came meanwhile happens now, each by itself: as it came, or the timers first, as an event loop may have it. */
  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    const ordered = this.random.chance(0.5)
      ? held
      : held.toSorted((one, other) => Number(other.isTimer) - Number(one.isTimer));
    for (const { label, run } of ordered) this.after(0, `${label} (woken)`, run);
  }

  /** Nothing happens to it any more, and nothing it still does has an effect. */
  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#held = undefined;
    const listeners = [...this.#onDeath];
    this.#onDeath.clear();
    for (const listener of listeners) listener();
  }

  /** Something that others can notice is about to happen: a process dies between two of these, wherever its code stands. */
  effect(): void {
    const fuse = this.#fuse;
    if (fuse === undefined) return;
    fuse.left -= 1;
    if (fuse.left > 0) return;
    this.#fuse = undefined;
    fuse.burn();
  }

  /** Calls back just before the n-th effect from now. */
  beforeEffect(count: number, burn: () => void): void {
    this.#fuse = { left: count, burn };
  }

  /** Takes `beforeEffect` back. */
  spare(): void {
    this.#fuse = undefined;
  }

  /** Returns its off. */
  onDeath(listener: () => void): () => void {
    this.#onDeath.add(listener);
    return () => this.#onDeath.delete(listener);
  }

  #setTimer(callback: () => void, delayMs: number): CancelTimer {
    let isCancelled = false;
    const label = `${this.name} timer`;
    const run = (): void => {
      if (!isCancelled) callback();
    };
    // Timers of a real event loop have whole milliseconds, are never early, and equal ones fire in the order of their making.
    const at = Math.ceil(this.time.now + Math.max(delayMs, 1));
    const cancel = this.time.at(at, label, () => {
      if (!this.#isAlive || isCancelled) return;
      if (this.#held === undefined) run();
      else this.#held.push({ label, run, isTimer: true });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }
}
