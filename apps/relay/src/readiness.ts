/** Whether a node takes new sockets, and if not, why: everything that can be in the way, the gravest first. */
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { LogStatus } from './log/log.ts';

/** More records than this behind the log's end: the node takes no new sockets. */
const MOST_LAG_RECORDS = 20_000;
/**
 * Cut off from the log for so long, in milliseconds, the node takes no new sockets and offers those it has another node: before the
 * others' lease on it ends and they show its users as gone.
 */
const UNREADABLE_PATIENCE_MS = 2_000;
/** So long a node may lag too far before its sessions are sent to other nodes, looked at every LAG_CHECK_MS. Milliseconds. */
const LAG_PATIENCE_MS = 10_000;
const LAG_CHECK_MS = 1_000;

export interface ReadinessOptions {
  clock: Clock;
  /** Records that are known to exist and are not applied yet. */
  lag(): number;
  /** Whether the other nodes do not hear this one, while it hears them. */
  isMute(): boolean;
  /** The node alone may be cut off from the log; called once each time. */
  onCutOff(): void;
  /** The node has lagged too far for so long that its sessions are better off elsewhere. */
  onBehind(): void;
}

export class Readiness {
  readonly #options: ReadinessOptions;
  #isDraining = false;
  #standstill: string | undefined;
  #busyWith: string | undefined = 'starting';
  #status: LogStatus = { readable: false, writable: false };
  #unreadableSinceMs = 0;
  #laggingSinceMs: number | undefined;
  #isCutOff = false;
  #cancelLagCheck: CancelTimer | undefined;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Why the node takes no new sockets; undefined when it does. */
  get unreadyReason(): string | undefined {
    if (this.#isDraining) return 'draining';
    if (this.#standstill !== undefined) return this.#standstill;
    if (this.#busyWith !== undefined) return this.#busyWith;
    if (this.#isUnreadable()) return `the log cannot be read: ${this.#status.reason ?? 'unknown'}`;
    if (this.#options.isMute()) return 'what this node writes does not reach the log';
    return this.#lagsTooFar() ? `${this.#options.lag()} records behind the log` : undefined;
  }

  /** What the log last said of itself. */
  get log(): LogStatus {
    return this.#status;
  }

  handleLogStatus(status: LogStatus): void {
    if (this.#status.readable && !status.readable) this.#unreadableSinceMs = this.#options.clock.monotonicMs();
    this.#status = status;
  }

  /** What is there is being applied; the log may not have been asked yet how much that is. */
  catchUp(): void {
    this.#busyWith = 'catching up with the log';
  }

  caughtUp(): void {
    this.#busyWith = undefined;
    if (this.#cancelLagCheck === undefined) this.#watchLag();
  }

  /** The view stands still, until `goOn` or for good. */
  standStill(reason: string): void {
    this.#standstill = reason;
  }

  goOn(): void {
    this.#standstill = undefined;
  }

  drain(): void {
    this.#isDraining = true;
    this.#cancelLagCheck?.();
  }

  // A log that cannot be reached may be so for every node, and history still answers: that alone closes no session.
  #watchLag(): void {
    const { clock } = this.#options;
    if (this.#isDraining) return;
    this.#cancelLagCheck = clock.setTimer(() => {
      const nowMs = clock.monotonicMs();
      if (!this.#lagsTooFar()) this.#laggingSinceMs = undefined;
      else if (this.#laggingSinceMs === undefined) this.#laggingSinceMs = nowMs;
      else if (nowMs - this.#laggingSinceMs >= LAG_PATIENCE_MS) this.#options.onBehind();
      const wasCutOff = this.#isCutOff;
      this.#isCutOff = this.#isUnreadable() || this.#options.isMute();
      if (this.#isCutOff && !wasCutOff) this.#options.onCutOff();
      this.#watchLag();
    }, LAG_CHECK_MS);
  }

  #isUnreadable(): boolean {
    if (this.#status.readable) return false;
    return this.#options.clock.monotonicMs() - this.#unreadableSinceMs > UNREADABLE_PATIENCE_MS;
  }

  #lagsTooFar(): boolean {
    return this.#options.lag() > MOST_LAG_RECORDS;
  }
}
