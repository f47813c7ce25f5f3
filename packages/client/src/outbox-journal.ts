import type { OperationId } from '@parley/protocol';
import type { ClientStorage, StoredMessage } from './storage/storage.ts';

/**
 * One storage's writes and reads of the outbox, one after the other. What is asked while one runs goes out together in the
 * next, so a burst of sends costs two transactions, not one each.
 */
export class OutboxJournal {
  readonly #storage: ClientStorage;
  readonly #onWritten: () => void;
  #put = new Map<OperationId, StoredMessage>();
  #remove = new Set<OperationId>();
  /** Asked to be removed, and not known to be gone: a read that began before must not bring them back. */
  #leaving = new Set<OperationId>();
  #next: Promise<void> | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(storage: ClientStorage, onWritten: () => void) {
    this.#storage = storage;
    this.#onWritten = onWritten;
  }

  /**
   * Resolves when it is durable. Never rejects: a message that cannot be stored still goes out, it only may not outlive
   * this process.
   */
  put(message: StoredMessage): Promise<void> {
    this.#remove.delete(message.id);
    this.#put.set(message.id, message);
    return this.#flushLater();
  }

  remove(id: OperationId): Promise<void> {
    this.#put.delete(id);
    this.#remove.add(id);
    this.#leaving.add(id);
    return this.#flushLater();
  }

  /** What the storage holds after everything that was asked before. Empty when it cannot be read. */
  read(): Promise<StoredMessage[]> {
    return this.#enqueue(async () => {
      const messages = await this.#storage.loadOutbox().catch(() => []);
      return messages.filter(({ id }) => !this.#leaving.has(id));
    });
  }

  /** When everything that was asked so far is done. */
  settled(): Promise<void> {
    return this.#tail;
  }

  #flushLater(): Promise<void> {
    this.#next ??= this.#enqueue(() => {
      this.#next = undefined;
      return this.#flush();
    });
    return this.#next;
  }

  async #flush(): Promise<void> {
    const put = [...this.#put.values()];
    const remove = [...this.#remove];
    this.#put = new Map();
    this.#remove = new Set();
    try {
      await this.#storage.changeOutbox({ put, remove });
      this.#onWritten();
    } catch {
      // The caller goes on without: see `put`.
    }
    for (const id of remove) if (!this.#remove.has(id)) this.#leaving.delete(id);
  }

  #enqueue<Result>(job: () => Promise<Result>): Promise<Result> {
    const running = this.#after(this.#tail, job);
    this.#tail = running.then(nothing, nothing);
    return running;
  }

  async #after<Result>(before: Promise<void>, job: () => Promise<Result>): Promise<Result> {
    await before;
    return job();
  }
}

const nothing = (): undefined => undefined;
