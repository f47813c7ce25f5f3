import { type UserId, WATCH_MAX_USERS } from '@parley/protocol';
import { useEffect } from 'react';
import { peerOf } from '../../chat-client/titles.ts';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { useRoute } from '../../route.ts';
import { createStore, useStore } from '../../lib/store.ts';

/** Users whom some part of the page shows besides the lobby and the peers: members of an open room, people found. */
export const extraWatchStore = createStore<readonly UserId[]>([]);

/** Follows the presence of whom the page shows: everybody online, whom one has written with, and who is on show now. */
export function useWatch(): void {
  const client = useClient();
  const route = useRoute();
  const me = useChat((chat) => chat.me);
  const order = useChat((chat) => chat.order);
  const extra = useStore(extraWatchStore);
  const open = route.at === 'conversation' ? route.id : undefined;

  const peers = new Set<UserId>(extra);
  for (const conversation of open === undefined ? order : [open, ...order]) {
    const peer = peerOf(conversation, me);
    if (peer !== undefined && peer !== me?.id) peers.add(peer);
  }
  const key = [...peers].slice(0, WATCH_MAX_USERS).toSorted().join(' ');
  useEffect(() => {
    client.watch({ lobby: true, users: key === '' ? [] : key.split(' ') });
  }, [client, key]);
}
