/** Listeners of one kind of happening. What a listener throws is its own matter: the others are still called. */
export class Emitter<Event> {
  readonly #listeners = new Set<(event: Event) => void>();

  get isHeard(): boolean {
    return this.#listeners.size > 0;
  }

  /** Adds a listener; returns its off. */
  on(listener: (event: Event) => void): () => void {
    // Wrapped, so that the same function given twice is two listeners with two offs.
    const own = (event: Event) => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  emit(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // Shown where uncaught errors are shown, without taking the connection down with it.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
