import { useCallback, useEffect } from 'react';
import type { ChatSnapshot } from '@parley/client';
import { useChat } from '../../chat-client/hooks.ts';
import { isListed } from '../../chat-client/titles.ts';
import { useStore } from '../../lib/store.ts';
import { lookedAtStore } from '../conversation/looked-at.ts';

function countUnread(chat: ChatSnapshot, lookedAt: string | undefined): number {
  let count = 0;
  for (const conversation of chat.conversations.values())
    if (conversation.id !== lookedAt && isListed(conversation)) count += conversation.unreadCount;
  return count;
}

/** `(3) Parley`: what is unread, computed from the positions each time, so that it cannot get stuck. */
export function useTitle(): void {
  const lookedAt = useStore(lookedAtStore);
  const unread = useChat(useCallback((chat: ChatSnapshot) => countUnread(chat, lookedAt), [lookedAt]));
  useEffect(() => {
    document.title = unread > 0 ? `(${unread > 999 ? '999+' : unread}) Parley` : 'Parley';
    return () => {
      document.title = 'Parley';
    };
  }, [unread]);
}
