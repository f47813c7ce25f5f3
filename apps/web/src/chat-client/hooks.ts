import type { ChatClient, ChatSnapshot, ConversationSnapshot } from '@parley/client';
import type { Presence, User } from '@parley/protocol';
import { createContext, use, useSyncExternalStore } from 'react';
import { type Frames, followByFrame } from './frames.ts';

export const ClientContext = createContext<ChatClient | undefined>(undefined);

export function useClient(): ChatClient {
  const client = use(ClientContext);
  if (client === undefined) throw new Error('used outside of a signed-in page');
  return client;
}

const followed = new WeakMap<ChatClient, Frames>();

function framesOf(client: ChatClient): Frames {
  let frames = followed.get(client);
  if (frames === undefined) {
    frames = followByFrame(client);
    followed.set(client, frames);
  }
  return frames;
}

/**
 * Reads a part of the snapshot and draws again only when that part changed. `select` must return a part as it stands in
 * the snapshot, or a primitive: a value made anew each time would draw for ever.
 */
export function useChat<Part>(select: (snapshot: ChatSnapshot) => Part): Part {
  const client = useClient();
  return useSyncExternalStore(framesOf(client).subscribe, () => select(client.getSnapshot()));
}

export const useMe = (): User | undefined => useChat((chat) => chat.me);

export const useConversation = (id: string): ConversationSnapshot | undefined =>
  useChat((chat) => chat.conversations.get(id));

export const useUser = (id: string | undefined): User | undefined =>
  useChat((chat) => (id === undefined ? undefined : chat.users.get(id)));

export const usePresence = (id: string | undefined): Presence | undefined =>
  useChat((chat) => (id === undefined ? undefined : chat.presences.get(id)));
