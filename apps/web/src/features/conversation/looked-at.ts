import { useEffect, useRef } from 'react';
import { createStore, useStore } from '../../lib/store.ts';

/** The conversation that is open, read to its end and being looked at there: what comes now is not unread, not for a moment. */
export const lookedAtStore = createStore<string | undefined>(undefined);

// A row that has just come may stand below the end until it is measured; that is no scrolling away.
const SETTLE_MS = 300;

function forget(conversation: string): void {
  if (lookedAtStore.get() === conversation) lookedAtStore.set(undefined);
}

/** Whether somebody can be looking: the page is visible and has the focus. */
export const isPageLookedAt = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

/** What to show as the count of a conversation's unread messages. */
export function useUnread(conversation: string, unreadCount: number): number {
  return useStore(lookedAtStore) === conversation ? 0 : unreadCount;
}

/** Follows whether the conversation is looked at. `pinned`: its end is in view. */
export function useLookedAt(conversation: string, { pinned, isRead }: { pinned: boolean; isRead: boolean }): void {
  const look = useRef<() => void>(undefined);
  const latest = useRef(isRead);

  useEffect(() => {
    const stop = () => forget(conversation);
    if (!pinned) {
      const timer = setTimeout(stop, SETTLE_MS);
      return () => clearTimeout(timer);
    }
    look.current = () => {
      if (!isPageLookedAt()) stop();
      // What was unread before one looked stays so until it was seen for long enough.
      else if (latest.current) lookedAtStore.set(conversation);
    };
    const follow = () => look.current?.();
    follow();
    window.addEventListener('focus', follow);
    window.addEventListener('blur', stop);
    document.addEventListener('visibilitychange', follow);
    return () => {
      look.current = undefined;
      window.removeEventListener('focus', follow);
      window.removeEventListener('blur', stop);
      document.removeEventListener('visibilitychange', follow);
    };
  }, [conversation, pinned]);

  useEffect(() => () => forget(conversation), [conversation]);

  useEffect(() => {
    latest.current = isRead;
    look.current?.();
  }, [isRead]);
}
