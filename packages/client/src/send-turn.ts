import type { Outbox } from './outbox.ts';
import type { SenderLock } from './tabs.ts';

/**
 * When this client may send: while it is connected and, among tabs that share a storage, holds the lock. It gives the lock
 * up with its connection, so that a tab that is connected sends what all of them wrote.
 */
export class SendTurn {
  readonly #lock: SenderLock | undefined;
  readonly #outbox: Outbox;
  #release: (() => void) | undefined;
  #isHeld = false;

  constructor(lock: SenderLock | undefined, outbox: Outbox) {
    this.#lock = lock;
    this.#outbox = outbox;
  }

  /** A socket is up. After a handover to another socket, what the one before has not answered goes again. */
  begin(): void {
    this.#outbox.close();
    this.#outbox.up();
    if (this.#lock === undefined || this.#isHeld) this.#outbox.open();
    else this.#release ??= this.#lock.acquire(() => this.#hold());
  }

  end(): void {
    this.#outbox.close();
    this.#isHeld = false;
    this.#release?.();
    this.#release = undefined;
  }

  #hold(): void {
    if (this.#release === undefined) return;
    this.#isHeld = true;
    this.#outbox.open();
  }
}
