import { useEffect } from 'react';
import type { ChatSnapshot } from '@parley/client';
import { useChat } from '../../chat-client/hooks.ts';

const countUnread = (chat: ChatSnapshot): number => {
  let count = 0;
  for (const conversation of chat.conversations.values()) count += conversation.unreadCount;
  return count;
};

/** `(3) Parley`: what is unread, computed from the positions each time, so that it cannot get stuck. */
export function useTitle(): void {
  const unread = useChat(countUnread);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread > 999 ? '999+' : unread}) Parley` : 'Parley';
    return () => {
      document.title = 'Parley';
    };
  }, [unread]);
}
