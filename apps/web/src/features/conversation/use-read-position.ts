import { useEffect, useRef } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { isPageLookedAt } from './looked-at.ts';

/** A message counts as read after this long in view. */
const DWELL_MS = 1_000;

/** Read means: the page is visible and has the focus, the link is alive, and the message was in view for a second. */
export function useReadPosition(conversation: string, newestInView: () => number): void {
  const client = useClient();
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  const view = useRef(newestInView);
  const check = useRef<() => void>(undefined);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let marked = 0;
    const canRead = () => isOnline && isPageLookedAt();
    const stop = () => {
      clearTimeout(timer);
      timer = undefined;
    };
    const look = () => {
      if (!canRead()) return stop();
      const candidate = view.current();
      if (timer !== undefined || candidate <= Math.max(marked, readUpToNow(client, conversation))) return;
      timer = setTimeout(() => {
        timer = undefined;
        // What has left the view meanwhile was not read.
        const seen = Math.min(candidate, view.current());
        if (!canRead() || seen <= marked) return;
        marked = seen;
        client.markRead(conversation, seen);
        look();
      }, DWELL_MS);
    };
    check.current = look;
    look();
    window.addEventListener('focus', look);
    window.addEventListener('blur', stop);
    document.addEventListener('visibilitychange', look);
    return () => {
      stop();
      check.current = undefined;
      window.removeEventListener('focus', look);
      window.removeEventListener('blur', stop);
      document.removeEventListener('visibilitychange', look);
    };
  }, [client, conversation, isOnline]);

  // After each drawing something else may be in view.
  useEffect(() => {
    view.current = newestInView;
    check.current?.();
  });
}

function readUpToNow(client: ReturnType<typeof useClient>, conversation: string): number {
  return client.getSnapshot().conversations.get(conversation)?.readUpTo ?? 0;
}
