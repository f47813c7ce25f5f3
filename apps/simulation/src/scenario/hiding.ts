/** Which relays the others could hear nothing of, and when: of several faults at once, from the first to the last. */
import type { AuditEvent } from '@parley/audit';

/**
 * A node that is silent for so long is given up by the others, whose clients may not know it yet: both are promised, and the
 * truth of open sockets says nothing then. Milliseconds.
 */
const LEASE_MS = 9_000;
/** Heard again, it still has to be told everything; and more than the grace, in which nobody's absence counts. Milliseconds. */
const RETURN_MS = 12_000;

export class Hiding {
  readonly #now: () => number;
  readonly #write: (event: AuditEvent) => void;
  readonly #silent = new Map<string, { since: number; faults: number }>();

  constructor(now: () => number, write: (event: AuditEvent) => void) {
    this.#now = now;
    this.#write = write;
  }

  /** @returns Call it when the fault is over. */
  begin(node: string): () => void {
    const silent = this.#silent.get(node) ?? { since: this.#now(), faults: 0 };
    silent.faults += 1;
    this.#silent.set(node, silent);
    return () => {
      silent.faults -= 1;
      if (silent.faults > 0) return;
      this.#silent.delete(node);
      const at = this.#now();
      if (at - silent.since <= LEASE_MS) return;
      this.#write({ type: 'hidden', at, node, from: silent.since + LEASE_MS, to: at + RETURN_MS });
    };
  }
}
