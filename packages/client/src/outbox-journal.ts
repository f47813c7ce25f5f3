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
  #next: Promise<boolean> | undefined;
  #tail: Promise<void> = Promise.resolve();

  constructor(storage: ClientStorage, onWritten: () => void) {
    this.#storage = storage;
    this.#onWritten = onWritten;
  }

  /**
   * Resolves when it was written, with whether it is durable. Never rejects: a message that cannot be stored still goes
   * out, it only may not outlive this process.
   */
  put(message: StoredMessage): Promise<boolean> {
    this.#remove.delete(message.id);
    this.#leaving.delete(message.id);
    this.#put.set(message.id, message);
    return this.#flushLater();
  }

  remove(id: OperationId): Promise<boolean> {
    this.#put.delete(id);
    this.#remove.add(id);
    this.#leaving.add(id);
    return this.#flushLater();
  }

  /** What the storage holds after everything that was asked before. Undefined when it cannot be read. */
  read(): Promise<StoredMessage[] | undefined> {
    return this.#enqueue(async () => {
      const messages = await this.#storage.loadOutbox().catch(() => undefined);
      return messages?.filter(({ id }) => !this.#leaving.has(id));
    });
  }

  /** When everything that was asked so far is done. */
  settled(): Promise<void> {
    return this.#tail;
  }

  #flushLater(): Promise<boolean> {
    this.#next ??= this.#enqueue(() => {
      this.#next = undefined;
      return this.#flush();
    });
    return this.#next;
  }

  async #flush(): Promise<boolean> {
    const put = [...this.#put.values()];
    const remove = [...this.#remove];
    this.#put = new Map();
    this.#remove = new Set();
    const isDurable = await this.#storage.changeOutbox({ put, remove }).then(
      () => true,
      () => false,
    );
    if (isDurable) this.#onWritten();
    for (const id of remove) this.#settleRemoval(id, isDurable);
    return isDurable;
  }

  #settleRemoval(id: OperationId, isGone: boolean): void {
    // Written again, or asked to be removed again, while this removal ran.
    if (!this.#leaving.has(id) || this.#remove.has(id)) return;
    if (isGone) this.#leaving.delete(id);
    // It still stands in the storage: the next flush takes it out, and until then no read may bring it back.
    else this.#remove.add(id);
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
