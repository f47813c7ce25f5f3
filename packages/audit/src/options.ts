import type { CheckName } from './check-names.ts';

/** Longest time from the ack to a connected reader, in milliseconds, by when the ack came. What is absent is not judged. */
export interface LagBounds {
  readonly load?: number;
  readonly heal?: number;
  readonly calm?: number;
  /** Holds instead of the others while a nemesis acts anywhere between ack and arrival. */
  readonly fault?: number;
}

/** What presence promises, in milliseconds. */
export interface PresenceBounds {
  /** From a user's `welcome` until everybody who watches must show it. */
  readonly onlineMs: number;
  /** From the end of the last session until nobody may show the user as here. */
  readonly offlineMs: number;
  /** A user who is back within this time was never away, and nobody may have seen a blink. */
  readonly graceMs: number;
  /** So long a watcher may still show what was, after its own `welcome` or `watch`. */
  readonly settleMs: number;
  /**
   * Where a fault hides sessions that are open, as a paused node does: whom it hides may be shown as gone during a fault and for
   * so long after it. Unless given, no fault is an excuse.
   */
  readonly afterFaultMs?: number;
}

export interface AuditOptions {
  /** The epoch that the run ended in. Unless given: that of the dumps, or of the newest `welcome`. */
  readonly epoch?: string;
  readonly lag?: LagBounds;
  readonly presence?: PresenceBounds;
  /** Checks that this run says nothing about. */
  readonly skip?: readonly CheckName[];
  /** Violations of each check that get their story told; the rest is only counted. 5 unless given. */
  readonly storiesPerCheck?: number;
  /** Share of the living clients that must be caught up for the cluster to count as recovered. 0.99 unless given. */
  readonly upShare?: number;
}
