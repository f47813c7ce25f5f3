import { type Clock, type Random, systemClock, systemRandom } from '@parley/protocol/environment';
import { type FetchLike, isSignedOut } from './sign-in.ts';
import { openPlatformSocket, type OpenSocket, type SocketTarget } from './socket.ts';
import { memoryStorage } from './storage/memory.ts';
import type { ClientStorage } from './storage/storage.ts';
import { broadcastTabs, type SenderLock, type TabChannel, webLock } from './tabs.ts';
import { socketUrl } from './urls.ts';

export interface ChatClientOptions {
  /** Where Parley is: `https://chat.example.org` (or `ws:`/`wss:`), with a path when it is not at the root. */
  readonly url: string;
  /** From `requestToken`, for programs. Browsers have their session's cookie instead (`signIn`). */
  readonly token?: string;
  /** Keeps the device's id and un-acked messages. In memory unless given; pages give `indexedDbStorage()`. */
  readonly storage?: ClientStorage;
  /** Only its holder sends. Web Locks when the storage is shared between tabs and the platform has them, else none. */
  readonly lock?: SenderLock;
  /** Tells tabs of each other's changes. A BroadcastChannel when the storage is shared, else none. */
  readonly tabs?: TabChannel;
  /** Most entries to hold of one conversation; older ones become "earlier" again. No limit unless given. */
  readonly maxHeldEntries?: number;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly openSocket?: OpenSocket;
  /** Asks whether the sign-in is over after upgrades that failed. */
  readonly fetch?: FetchLike;
}

/** The options with every default in place. */
export interface Environment {
  readonly target: SocketTarget;
  readonly storage: ClientStorage;
  readonly lock: SenderLock | undefined;
  readonly tabs: TabChannel | undefined;
  readonly maxHeldEntries: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly openSocket: OpenSocket;
  readonly isSignedOut: () => Promise<boolean>;
}

/** @throws TypeError when the URL is none, or when the platform has no WebSocket and none is given. */
export function completeOptions(options: ChatClientOptions): Environment {
  if (options.openSocket === undefined && typeof globalThis.WebSocket !== 'function') {
    throw new TypeError('There is no WebSocket here (Node has one from version 22 on): give `openSocket`.');
  }
  const { url, token } = options;
  const storage = options.storage ?? memoryStorage();
  const shared = storage.sharedAs;
  return {
    target: { url: socketUrl(url), ...(token !== undefined && { token }) },
    storage,
    lock: options.lock ?? (shared === undefined ? undefined : webLock(shared)),
    tabs: options.tabs ?? (shared === undefined ? undefined : broadcastTabs(shared)),
    maxHeldEntries: options.maxHeldEntries ?? Number.POSITIVE_INFINITY,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    openSocket: options.openSocket ?? openPlatformSocket,
    isSignedOut: () => isSignedOut(url, token, options.fetch),
  };
}
