import type { OutgoingFrame } from './outgoing-frame.ts';

/** A page of entries as frames, and the seq of its last entry; undefined where there is none. */
export interface ReplayPage {
  frames: OutgoingFrame[];
  last: number | undefined;
  /** Whom the frames name, or would if their name were known. */
  authors: ReadonlySet<string>;
}

/** A page keeps up to 64 KiB in memory, more than its own bytes, where its frames were cut from a larger buffer. */
const MOST_PAGES = 256;
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Pages that were replayed lately. When a node dies the members of a room come back to another one together, with nearly the same
 * gap: it is read and encoded once for all of them. Entries never change; the names of their authors do, and with them the page goes.
 */
export class ReplayPages {
  /** The least recently used first. */
  readonly #pages = new Map<string, ReplayPage>();
  #bytes = 0;

  /** @param range Seqs after the first, up to the second, as far as the reader may see. */
  page(conversation: string, { after, upTo }: { after: number; upTo: number }, read: () => ReplayPage): ReplayPage {
    const key = `${conversation} ${after} ${upTo}`;
    const known = this.#pages.get(key);
    if (known !== undefined) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known;
    }
    const page = read();
    this.#pages.set(key, page);
    this.#bytes += sizeOf(page);
    for (const [oldest, other] of this.#pages) {
      if (this.#bytes <= MOST_BYTES && this.#pages.size <= MOST_PAGES) break;
      this.#pages.delete(oldest);
      this.#bytes -= sizeOf(other);
    }
    return page;
  }

  /** The user has another name from now on. */
  forget(user: string): void {
    for (const [key, page] of this.#pages) {
      if (!page.authors.has(user)) continue;
      this.#pages.delete(key);
      this.#bytes -= sizeOf(page);
    }
  }
}

function sizeOf({ frames }: ReplayPage): number {
  return frames.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
