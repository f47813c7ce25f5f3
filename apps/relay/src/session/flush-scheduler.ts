/**
 * When sockets are written: as soon as the events at hand are handled. One write that carries three frames costs hardly
 * more than one that carries one, so a node that pushes much asks the log to let records gather for some milliseconds.
 */
import { DecayingRate } from '../decaying-rate.ts';
import type { Environment } from '../environment.ts';
import type { Outbound } from './outbound.ts';

/** Longest time that a record waits for others, in milliseconds. */
export const COALESCE_MS = 10;
/** Frames for sockets a second above which gathering pays: about a twentieth of a core in writes. */
const BUSY_FRAMES_PER_SECOND = 5_000;
const HALF_LIFE_MS = 200;
const READER_CHECK_MS = 1_000;

export class FlushScheduler {
  readonly #environment: Environment;
  readonly #onWrites: (count: number) => void;
  #dirty = new Set<Outbound>();
  #scheduled = false;
  readonly #rate: DecayingRate;
  /** Since the last flush. */
  #frames = 0;
  readonly #slowReaders = new Set<Outbound>();

  constructor(environment: Environment, onWrites: (count: number) => void) {
    this.#environment = environment;
    this.#onWrites = onWrites;
    this.#rate = new DecayingRate(environment.clock, HALF_LIFE_MS);
  }

  nowMs(): number {
    return this.#environment.clock.monotonicMs();
  }

  /** How long it pays to let records gather, in milliseconds. */
  gatherMs(): number {
    return this.#rate.add(0) > BUSY_FRAMES_PER_SECOND ? COALESCE_MS : 0;
  }

  /** There is a frame more to write. */
  add(outbound: Outbound): void {
    this.#frames += 1;
    this.#dirty.add(outbound);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#flush());
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
    this.#rate.add(this.#frames);
    this.#frames = 0;
    for (const outbound of dirty) outbound.flush();
    this.#onWrites(dirty.size);
  }

  #checkReaders(): void {
    const readers = [...this.#slowReaders];
    this.#slowReaders.clear();
    for (const outbound of readers) outbound.checkReader();
  }
}
