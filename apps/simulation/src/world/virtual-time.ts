/**
 * One time for the whole world: events in the order of their moment, and of their making within one moment.
 *
 * Every event runs in a macrotask of its own (`setImmediate`), and Node empties its queues of ticks and microtasks between two of
 * them (since version 11). So whatever an event set going through promises has come to rest before the next begins, which is
 * exact as long as nothing real is under way: see real-world.ts, which makes sure of that.
 */
import type { Trace } from './trace.ts';

interface Event {
  at: number;
  order: number;
  label: string;
  run: (() => void) | undefined;
}

/** Macrotasks queued in one go: the event loop's own turn costs more than an event. */
const TURNS_AT_ONCE = 512;

export type Cancel = () => void;

export class VirtualTime {
  /** Milliseconds since the world began; not whole. */
  now = 0;
  /** Events run so far. */
  count = 0;
  readonly #heap: Event[] = [];
  readonly #trace: Trace;
  readonly #setImmediate: (turn: () => void) => void;
  #order = 0;

  constructor(trace: Trace, setImmediate: (turn: () => void) => void) {
    this.#trace = trace;
    this.#setImmediate = setImmediate;
  }

  /** @param label Who does what, for the trace. */
  after(delayMs: number, label: string, run: () => void): Cancel {
    return this.at(this.now + Math.max(0, delayMs), label, run);
  }

  at(at: number, label: string, run: () => void): Cancel {
    this.#order += 1;
    const event: Event = { at: Math.max(at, this.now), order: this.#order, label, run };
    push(this.#heap, event);
    return () => {
      event.run = undefined;
    };
  }

  /** Runs events until `isDone`, asked after each of them, or until nothing is left before `limit`. */
  run(limit: number, isDone: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      let ended = false;
      const end = (): void => {
        ended = true;
        resolve();
      };
      const turn = (): void => {
        if (ended) return;
        try {
          if (isDone()) end();
          else if (!this.#step(limit)) {
            this.now = Math.max(this.now, limit);
            end();
          }
        } catch (error) {
          ended = true;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const fill = (): void => {
        if (ended) return;
        for (let count = 0; count < TURNS_AT_ONCE; count += 1) this.#setImmediate(turn);
        this.#setImmediate(fill);
      };
      fill();
    });
  }

  #step(limit: number): boolean {
    for (let next = this.#heap[0]; next !== undefined && next.at <= limit; next = this.#heap[0]) {
      pop(this.#heap);
      const { run } = next;
      if (run === undefined) continue;
      this.now = next.at;
      this.count += 1;
      this.#trace.event(next.at, next.label);
      run();
      return true;
    }
    return false;
  }
}

const isBefore = (one: Event, other: Event): boolean =>
  one.at < other.at || (one.at === other.at && one.order < other.order);

function push(heap: Event[], event: Event): void {
  let place = heap.length;
  heap.push(event);
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above]!;
    if (!isBefore(event, parent)) break;
    heap[place] = parent;
    place = above;
  }
  heap[place] = event;
}

function pop(heap: Event[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let place = 0;
  for (;;) {
    let below = place * 2 + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
    if (!isBefore(heap[below]!, last)) break;
    heap[place] = heap[below]!;
    place = below;
  }
  heap[place] = last;
}
