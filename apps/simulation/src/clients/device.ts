/** One device: what its disk keeps, and what its tabs share. The storage outlives every tab; what was not written yet dies with its tab. */
import type { ClientStorage, OutboxChange, SenderLock, StoredMessage, TabChannel } from '@parley/client';
import type { DeviceId, OperationId } from '@parley/protocol';
import type { SimProcess } from '../world/process.ts';

/** A transaction of a browser's database, in milliseconds: mostly short, sometimes not. */
const WRITE_MS = 4;

interface Turn {
  process: SimProcess;
  onHeld: () => void;
  isTold: boolean;
}

export class Device {
  #id: DeviceId | undefined;
  readonly #outbox = new Map<OperationId, StoredMessage>();
  readonly #channels = new Map<SimProcess, () => void>();
  /** Who may send, then who waits for it. */
  #turns: Turn[] = [];
  /** Writes fail: the disk is full, or the browser forbids it. */
  isBroken = false;

  get stored(): readonly StoredMessage[] {
    return [...this.#outbox.values()];
  }

  storage(process: SimProcess): ClientStorage {
    const take = <Result>(label: string, work: () => Result): Promise<Result> =>
      new Promise((resolve, reject) => {
        process.after(process.random.waiting(WRITE_MS), `${process.name} ${label}`, () => {
          if (this.isBroken) {
            reject(new Error('the storage cannot be used'));
            return;
          }
          const result = work();
          // Written, and told a moment later: a tab that dies in between never learns of it.
          process.after(process.random.float(), `${process.name} ${label} done`, () => resolve(result));
        });
      });
    return {
      loadDevice: (make) => take('device', () => (this.#id ??= make())),
      loadOutbox: () =>
        take('outbox', () => [...this.#outbox.values()].toSorted((one, other) => one.order - other.order)),
      changeOutbox: (change) => take('write', () => this.#change(change)),
      clear: () => take('clear', () => this.#outbox.clear()),
    };
  }

  lock(process: SimProcess): SenderLock {
    return {
      acquire: (onHeld) => {
        const turn: Turn = { process, onHeld, isTold: false };
        this.#turns.push(turn);
        const forget = process.onDeath(() => this.#leave(turn));
        this.#grant();
        return () => {
          forget();
          this.#leave(turn);
        };
      },
    };
  }

  tabs(process: SimProcess): TabChannel {
    return {
      post: () => {
        for (const [other, listener] of this.#channels)
          if (other !== process) other.after(other.random.float() * 5, `${other.name} hears its tabs`, listener);
      },
      subscribe: (listener) => {
        this.#channels.set(process, listener);
        process.onDeath(() => this.#channels.delete(process));
        return () => this.#channels.delete(process);
      },
    };
  }

  #change({ put, remove }: OutboxChange): void {
    for (const message of put) this.#outbox.set(message.id, message);
    for (const id of remove) this.#outbox.delete(id);
  }

  #leave(turn: Turn): void {
    this.#turns = this.#turns.filter((other) => other !== turn);
    this.#grant();
  }

  #grant(): void {
    const [first] = this.#turns;
    if (first === undefined || first.isTold) return;
    first.isTold = true;
    first.process.after(first.process.random.float(), `${first.process.name} may send`, () => {
      if (this.#turns[0] === first) first.onHeld();
    });
  }
}
