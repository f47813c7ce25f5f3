/** What must be ended at the end, however the end comes; afterwards it can be used again. */
export class CleanUp {
  #steps: (() => Promise<void> | void)[] = [];

  /** Runs before everything that was added earlier. */
  add(step: () => Promise<void> | void): void {
    this.#steps.push(step);
  }

  async run(): Promise<void> {
    const steps = this.#steps.toReversed();
    this.#steps = [];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        console.error('while cleaning up:', error);
      }
    }
  }
}
