/**
 * Where the log ends, asked for by many at once. A question that is under way may have been answered before somebody else
 * began to ask, so whoever comes meanwhile shares the next one: two questions at most are open, however many ask.
 */
import type { Log, LogPositions } from './log.ts';

export class LogEnd {
  readonly #log: Pick<Log, 'ends'>;
  #running: Promise<LogPositions> | undefined;
  #next: Promise<LogPositions> | undefined;

  constructor(log: Pick<Log, 'ends'>) {
    this.#log = log;
  }

  /** Ends that hold everything that was in the log before the call. @throws LogUnavailableError (as a rejection) */
  ask(): Promise<LogPositions> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#begin();
      });
    return this.#next;
  }

  #begin(): Promise<LogPositions> {
    const asked = this.#log.ends().finally(() => {
      if (this.#running === asked) this.#running = undefined;
    });
    this.#running = asked;
    return asked;
  }
}
