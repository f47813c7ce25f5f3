import type { Log } from '../../src/log/log.ts';
import { message } from '../log/drafts.ts';
import type { Reader } from '../log/reader.ts';

/** Appends at a rate by several nodes, and remembers what was acknowledged and when. Times are monotonic milliseconds. */
export class Load {
  readonly ackedAt = new Map<string, number>();
  readonly appendedAt = new Map<string, number>();
  readonly failed: { text: string; error: unknown }[] = [];
  /** Texts by room, in the order they were appended. */
  readonly appended = new Map<string, string[]>();
  readonly #nodes: readonly { log: Log }[];
  readonly #rooms: readonly string[];
  readonly #waiting = new Set<Promise<void>>();
  #count = 0;

  constructor(nodes: readonly { log: Log }[], rooms: readonly string[]) {
    this.#nodes = nodes;
    this.#rooms = rooms;
  }

  /** Runs for `ms` at `perSecond`. A room belongs to one node, so that its order is that node's. */
  async run(ms: number, perSecond: number): Promise<void> {
    const begun = performance.now();
    const before = this.#count;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const elapsed = performance.now() - begun;
        const due = before + Math.floor((Math.min(elapsed, ms) * perSecond) / 1000);
        while (this.#count < due) this.#one();
        if (elapsed < ms) return;
        clearInterval(timer);
        resolve();
      }, 4);
    });
    await Promise.all(this.#waiting);
  }

  #one(): void {
    const at = this.#count % this.#rooms.length;
    const [room, node] = [this.#rooms[at] ?? '', this.#nodes[at % this.#nodes.length]];
    const text = String(this.#count);
    this.#count += 1;
    this.appended.set(room, [...(this.appended.get(room) ?? []), text]);
    this.appendedAt.set(text, performance.now());
    const written = node?.log.append(message(room, text)).then(
      () => void this.ackedAt.set(text, performance.now()),
      (error: unknown) => void this.failed.push({ text, error }),
    );
    if (written === undefined) return;
    const settled: Promise<void> = written.finally(() => this.#waiting.delete(settled));
    this.#waiting.add(settled);
  }
}

/** When a reader first saw each text. */
export function watchArrivals(reader: Reader): Map<string, number> {
  const seenAt = new Map<string, number>();
  reader.onRecords = ({ records }) => {
    const now = performance.now();
    for (const { body } of records) {
      const text = Buffer.from(body).toString();
      if (!seenAt.has(text)) seenAt.set(text, now);
    }
  };
  return seenAt;
}

/** A list without repeats, as the reducer makes it: the first one counts. */
export function once(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** In whole milliseconds; 1 is the largest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
}
