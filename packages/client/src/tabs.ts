/** Lets one of several clients that share a storage send its messages: one writer a device. */
export interface SenderLock {
  /** Calls `onHeld` later, once this client alone may send; returns what gives the lock up, or the place in the queue. */
  acquire(onHeld: () => void): () => void;
}

/** Tells the other clients that share the storage that it changed. Carries no data: they read it again. */
export interface TabChannel {
  post(): void;
  /** Calls back for what the others post; returns its off, after which nothing is posted either. */
  subscribe(listener: () => void): () => void;
}

/** Web Locks, or undefined where the platform has none. */
export function webLock(name: string): SenderLock | undefined {
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks;
  if (locks === undefined) return undefined;
  return {
    acquire(onHeld) {
      const waiting = new AbortController();
      let release = () => waiting.abort();
      const held = async () => {
        // Given up in the moment in which it was granted: `abort` comes too late then.
        if (waiting.signal.aborted) return;
        await new Promise<void>((resolve) => {
          release = resolve;
          onHeld();
        });
      };
      locks.request(`${name}:outbox`, { signal: waiting.signal }, held).catch(() => undefined);
      return () => release();
    },
  };
}

/** A BroadcastChannel, or undefined where the platform has none. */
export function broadcastTabs(name: string): TabChannel | undefined {
  if (typeof BroadcastChannel === 'undefined') return undefined;
  let channel: BroadcastChannel | undefined;
  return {
    // Unlike a window's, a channel's messages have no target origin: it reaches its own only.
    // oxlint-disable-next-line unicorn/require-post-message-target-origin
    post: () => channel?.postMessage('outbox'),
    subscribe(listener) {
      channel = new BroadcastChannel(`${name}:outbox`);
      channel.addEventListener('message', () => listener());
      return () => {
        channel?.close();
        channel = undefined;
      };
    },
  };
}
