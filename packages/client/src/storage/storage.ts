import type { ConversationId, DeviceId, ErrorCode, OperationId, UserId } from '@parley/protocol';

/** A message that has no answer yet, as it survives a reload. */
export interface StoredMessage {
  readonly id: OperationId;
  readonly conversation: ConversationId;
  readonly text: string;
  /** Wall clock, milliseconds since 1970. */
  readonly writtenAt: number;
  /** When somebody last asked for it to be sent: on writing, later on `retry`. Wall clock, milliseconds since 1970. */
  readonly askedAt: number;
  /** Its place among the device's messages: ascending, not dense. */
  readonly order: number;
  /** Who wrote it. Absent until the first welcome said who that is; the next one to sign in here never sends it for them. */
  readonly author?: UserId;
  readonly failed?: ErrorCode | 'expired';
}

export interface OutboxChange {
  readonly put: readonly StoredMessage[];
  readonly remove: readonly OperationId[];
}

/** What one device keeps: its id and its outbox. */
export interface ClientStorage {
  /**
   * Set when several clients (tabs) may use the same storage at once: the name they share. In browsers they then take
   * turns by Web Locks and tell each other of changes by a BroadcastChannel of this name.
   */
  readonly sharedAs?: string;
  /** The device's id; `make` provides it the first time, for all clients that share the storage. */
  loadDevice(make: () => DeviceId): Promise<DeviceId>;
  /** All messages, ascending by `order`. */
  loadOutbox(): Promise<StoredMessage[]>;
  /** Writes and removes as one; durable once it resolves. A put of a known id replaces it. */
  changeOutbox(change: OutboxChange): Promise<void>;
  /** Forgets everything, as when somebody signs out on a shared computer. */
  clear(): Promise<void>;
}
