/** What must be ended at the end, however the end comes. */
export class CleanUp {
  readonly #steps: (() => Promise<void> | void)[] = [];
  #running: Promise<void> | undefined;

  /** Runs before everything that was added earlier. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    this.#running ??= (async () => {
      for (const step of this.#steps.toReversed()) {
        try {
          await step();
        } catch (error) {
          console.error('while cleaning up:', error);
        }
      }
    })();
    return this.#running;
  }
}
