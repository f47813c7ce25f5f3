/** Parley's client for browsers and programs. `createChatClient` makes one; README.md has an example. */
export {
  type ChatClient,
  type ChatSnapshot,
  type ClientEvent,
  type ConnectionState,
  type ConversationSnapshot,
  type Hole,
  type ListOptions,
  NoAnswerError,
  type Page,
  type PendingMessage,
  type Person,
  RefusedError,
  type TimelineItem,
} from './api.ts';
export { createChatClient } from './client.ts';
export { type ChatClientOptions } from './options.ts';
export { OUTBOX_MAX_MESSAGES } from './outbox.ts';
export { type FetchLike, HttpRefusedError, requestToken, signIn, signOut, whoAmI } from './sign-in.ts';
export { type OpenSocket, type SocketEvents, type SocketLike, type SocketTarget } from './socket.ts';
export { indexedDbStorage } from './storage/indexed-db.ts';
export { memoryStorage } from './storage/memory.ts';
export { type ClientStorage, type OutboxChange, type StoredMessage } from './storage/storage.ts';
export { type SenderLock, type TabChannel } from './tabs.ts';
