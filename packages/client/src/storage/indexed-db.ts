import {
  checkText,
  ConversationIdSchema,
  DeviceIdSchema,
  ERROR_CODES,
  OperationIdSchema,
  UserIdSchema,
} from '@parley/protocol';
import { openDB } from 'idb';
import type { ClientStorage, StoredMessage } from './storage.ts';

/** Raise it with an upgrade step when what is stored changes. */
const VERSION = 1;
const DEVICE = 'device';

/**
 * Survives reloads and crashes of a browser. All tabs of an origin that name the same database are one device. Nothing is
 * opened before the first use, so that creating it is safe where IndexedDB is missing.
 */
export function indexedDbStorage(name = 'parley'): ClientStorage {
  let opened: ReturnType<typeof open> | undefined;
  const database = () => (opened ??= open(name, () => (opened = undefined)));
  return {
    sharedAs: name,
    async loadDevice(make) {
      const transaction = (await database()).transaction('meta', 'readwrite');
      const known = DeviceIdSchema.safeParse(await transaction.store.get(DEVICE));
      const device = known.success ? known.data : make();
      if (!known.success) await transaction.store.put(device, DEVICE);
      await transaction.done;
      return device;
    },
    async loadOutbox() {
      const rows: unknown[] = await (await database()).getAll('outbox');
      return rows.filter(isStoredMessage).toSorted((one, other) => one.order - other.order);
    },
    async changeOutbox({ put, remove }) {
      // Relaxed durability may lose what the disk's cache held when the power went: exactly what an outbox is for.
      const transaction = (await database()).transaction('outbox', 'readwrite', { durability: 'strict' });
      const writes = [
        ...put.map((message) => transaction.store.put(message)),
        ...remove.map((id) => transaction.store.delete(id)),
      ];
      await Promise.all([...writes, transaction.done]);
    },
    async clear() {
      const transaction = (await database()).transaction(['meta', 'outbox'], 'readwrite');
      await Promise.all([
        transaction.objectStore('meta').clear(),
        transaction.objectStore('outbox').clear(),
        transaction.done,
      ]);
    },
  };
}

function open(name: string, forget: () => void) {
  const opening = openDB(name, VERSION, {
    upgrade(database) {
      database.createObjectStore('meta');
      database.createObjectStore('outbox', { keyPath: 'id' });
    },
    // Another tab wants to upgrade or delete: it must not wait for this one.
    blocking(_current, _wanted, event) {
      if (event.target instanceof IDBDatabase) event.target.close();
      forget();
    },
    terminated: forget,
  });
  opening.catch(forget);
  return opening;
}

// Another version of the page may have written it.
function isStoredMessage(row: unknown): row is StoredMessage {
  if (typeof row !== 'object' || row === null) return false;
  const fields = new Map<string, unknown>(Object.entries(row));
  const text = fields.get('text');
  const failed = fields.get('failed');
  return (
    OperationIdSchema.safeParse(fields.get('id')).success &&
    ConversationIdSchema.safeParse(fields.get('conversation')).success &&
    typeof text === 'string' &&
    checkText(text) === undefined &&
    ['writtenAt', 'askedAt', 'order'].every((field) => Number.isFinite(fields.get(field))) &&
    (!fields.has('author') || UserIdSchema.safeParse(fields.get('author')).success) &&
    (failed === undefined || failed === 'expired' || ERROR_CODES.some((code) => code === failed))
  );
}
