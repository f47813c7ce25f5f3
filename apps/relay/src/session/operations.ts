/**
 * Operations that sessions of this node asked for and that are not decided yet. An operation is appended to the log and
 * answered when it comes back from it, applied: the sender's own node learns the result like every other.
 */
import type { ErrorCode } from '@parley/protocol';
import type { Environment } from '../environment.ts';
import { type Log, LogUnavailableError } from '../log/log.ts';
import type { RecordDraft, RecordHead } from '../log/record.ts';
import type { Outcome } from '../view/reducer.ts';

export type OperationResult =
  | { ok: true; seq: number; at: number }
  | { ok: false; code: ErrorCode; retryAfterMs?: number };

/** A record that did not come back in this time, in milliseconds: the node is behind, and the client had better ask again. */
const PATIENCE_MS = 15_000;
const SWEEP_MS = 1_000;
/** After this a client may try again, in milliseconds. */
export const RETRY_AFTER_MS = 1_000;

interface Waiter {
  sinceMs: number;
  settle(result: OperationResult): void;
}

export class Operations {
  readonly #log: Log;
  readonly #environment: Environment;
  /** Oldest first. Two tabs may wait for one operation. */
  readonly #waiters = new Map<string, Waiter[]>();
  #sweeping = false;

  constructor(log: Log, environment: Environment) {
    this.#log = log;
    this.#environment = environment;
  }

  /** Appends and waits for the decision. Calls with the same key keep their order. */
  run(draft: RecordDraft): Promise<OperationResult> {
    const name = nameOf(draft.key, draft.head);
    return new Promise((resolve) => {
      const waiter: Waiter = { sinceMs: this.#environment.clock.monotonicMs(), settle: resolve };
      const waiting = this.#waiters.get(name);
      if (waiting === undefined) this.#waiters.set(name, [waiter]);
      else waiting.push(waiter);
      this.#sweepLater();
      this.#log.append(draft).catch((error: unknown) => {
        // It may have arrived all the same; then it is applied and shown, and the retry gets that result.
        if (!(error instanceof LogUnavailableError)) this.#environment.logger.error({ err: error }, 'append failed');
        this.#settleOne(name, waiter, { ok: false, code: 'log_unavailable', retryAfterMs: RETRY_AFTER_MS });
      });
    });
  }

  /** Told of everything that was applied, whoever asked for it. */
  handle(outcomes: readonly Outcome[]): void {
    if (this.#waiters.size === 0) return;
    for (const outcome of outcomes) {
      switch (outcome.type) {
        case 'entry':
          this.#settle(nameOf(outcome.conversation.id, outcome.head), {
            ok: true,
            seq: outcome.seq,
            at: outcome.head.at,
          });
          break;
        case 'repeat':
          this.#settle(nameOf(outcome.key, outcome.head), { ok: true, seq: outcome.seq, at: outcome.at });
          break;
        case 'refused':
          this.#settle(nameOf(outcome.key, outcome.head), { ok: false, code: outcome.code });
          break;
        case 'userNamed':
          this.#settle(nameOf(outcome.head.author, outcome.head), { ok: true, seq: 0, at: outcome.head.at });
          break;
        case 'read':
        case 'nothing':
        case 'bad':
          break;
        default:
          outcome satisfies never;
      }
    }
  }

  /** Each append of an operation has an outcome of its own, in the order of the appends: a repeat may differ in its content. */
  #settle(name: string, result: OperationResult): void {
    const waiter = this.#waiters.get(name)?.[0];
    if (waiter !== undefined) this.#settleOne(name, waiter, result);
  }

  #settleOne(name: string, waiter: Waiter, result: OperationResult): void {
    const others = this.#waiters.get(name)?.filter((other) => other !== waiter) ?? [];
    if (others.length === 0) this.#waiters.delete(name);
    else this.#waiters.set(name, others);
    waiter.settle(result);
  }

  #sweepLater(): void {
    if (this.#sweeping) return;
    this.#sweeping = true;
    this.#environment.clock.setTimer(() => {
      this.#sweeping = false;
      this.#sweep();
      if (this.#waiters.size > 0) this.#sweepLater();
    }, SWEEP_MS);
  }

  #sweep(): void {
    const before = this.#environment.clock.monotonicMs() - PATIENCE_MS;
    for (const [name, waiting] of this.#waiters) {
      if (waiting.every((waiter) => waiter.sinceMs > before)) break;
      this.#waiters.delete(name);
      for (const waiter of waiting) waiter.settle({ ok: false, code: 'log_unavailable', retryAfterMs: RETRY_AFTER_MS });
    }
  }
}

function nameOf(key: string, head: RecordHead): string {
  return `${head.id} ${head.author} ${key}`;
}
