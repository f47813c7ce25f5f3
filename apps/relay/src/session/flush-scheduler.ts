/**
 * When sockets are written. A quiet node writes as soon as the events at hand are handled; a busy one lets frames gather
 * for a few milliseconds, because one write that carries three frames costs hardly more than one that carries one.
 */
import type { Environment } from '../environment.ts';
import type { Outbound } from './outbound.ts';

/** Longest time that a frame waits for others, in milliseconds. */
export const COALESCE_MS = 10;
/** Writes in a millisecond, on average, above which gathering pays: about a twentieth of a core spent on writes. */
const BUSY_WRITES_PER_MS = 5;
/** The average forgets half of what was in this time, in milliseconds. */
const HALF_LIFE_MS = 50;
const READER_CHECK_MS = 1_000;

export class FlushScheduler {
  readonly #environment: Environment;
  readonly #onWrites: (count: number) => void;
  #dirty = new Set<Outbound>();
  #scheduled = false;
  #writes = 0;
  #writesAtMs: number;
  readonly #slowReaders = new Set<Outbound>();

  constructor(environment: Environment, onWrites: (count: number) => void) {
    this.#environment = environment;
    this.#onWrites = onWrites;
    this.#writesAtMs = environment.clock.monotonicMs();
  }

  nowMs(): number {
    return this.#environment.clock.monotonicMs();
  }

  add(outbound: Outbound): void {
    this.#dirty.add(outbound);
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = (): void => this.#flush();
    if (this.#writesPerMs() > BUSY_WRITES_PER_MS) this.#environment.clock.setTimer(flush, COALESCE_MS);
    else queueMicrotask(flush);
  }

  /** Looks after a socket that has bytes under way, until they are gone. */
  watchReader(outbound: Outbound): void {
    if (this.#slowReaders.size === 0) this.#environment.clock.setTimer(() => this.#checkReaders(), READER_CHECK_MS);
    this.#slowReaders.add(outbound);
  }

  #flush(): void {
    this.#scheduled = false;
    const dirty = this.#dirty;
    this.#dirty = new Set();
    for (const outbound of dirty) outbound.flush();
    this.#writesPerMs();
    this.#writes += dirty.size;
    this.#onWrites(dirty.size);
  }

  // An exponentially decaying sum divided by its mean life is the rate.
  #writesPerMs(): number {
    const nowMs = this.nowMs();
    this.#writes *= 0.5 ** ((nowMs - this.#writesAtMs) / HALF_LIFE_MS);
    this.#writesAtMs = nowMs;
    return (this.#writes * Math.LN2) / HALF_LIFE_MS;
  }

  #checkReaders(): void {
    const readers = [...this.#slowReaders];
    this.#slowReaders.clear();
    for (const outbound of readers) outbound.checkReader();
  }
}
