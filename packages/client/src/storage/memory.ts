import type { DeviceId, OperationId } from '@parley/protocol';
import type { ClientStorage, StoredMessage } from './storage.ts';

/** Lasts as long as the process: for programs that would rather start afresh, and for tests. */
export function memoryStorage(): ClientStorage {
  let device: DeviceId | undefined;
  const outbox = new Map<OperationId, StoredMessage>();
  return {
    async loadDevice(make) {
      device ??= make();
      return device;
    },
    async loadOutbox() {
      return [...outbox.values()].toSorted((one, other) => one.order - other.order);
    },
    async changeOutbox({ put, remove }) {
      for (const message of put) outbox.set(message.id, message);
      for (const id of remove) outbox.delete(id);
    },
    async clear() {
      device = undefined;
      outbox.clear();
    },
  };
}
