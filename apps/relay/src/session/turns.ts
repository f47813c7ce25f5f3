/**
 * Work of a session that takes long, done in steps: the event loop gets a few of them in one turn and has everything else in
 * between. Users take turns, however many sessions each of them has.
 */
import type { Environment } from '../environment.ts';

/** One turn takes at most so many steps, or begins none after this long. Steps are meant to take a few milliseconds. */
const MOST_STEPS = 8;
const MOST_MS = 4;

type Step = () => void;

export class Turns {
  readonly #environment: Environment;
  /** What waits, by user; who has waited for longest first. */
  readonly #waiting = new Map<string, Step[]>();
  #scheduled = false;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Runs the step in a turn to come. */
  add(user: string, step: Step): void {
    const steps = this.#waiting.get(user);
    if (steps === undefined) this.#waiting.set(user, [step]);
    else steps.push(step);
    this.#schedule();
  }

  /** Resolves in a turn to come. */
  next(user: string): Promise<void> {
    return new Promise((resolve) => this.add(user, resolve));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#environment.soon(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    const { clock, logger } = this.#environment;
    const startedMs = clock.monotonicMs();
    for (let count = 0; count < MOST_STEPS; count += 1) {
      const step = this.#take();
      if (step === undefined) return;
      try {
        step();
      } catch (error) {
        logger.error({ err: error }, 'a step of a session failed');
      }
      if (clock.monotonicMs() - startedMs >= MOST_MS) break;
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  #take(): Step | undefined {
    for (const [user, steps] of this.#waiting) {
      this.#waiting.delete(user);
      const step = steps.shift();
      if (steps.length > 0) this.#waiting.set(user, steps);
      return step;
    }
    return undefined;
  }
}
