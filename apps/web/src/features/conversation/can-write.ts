import type { ConversationSnapshot } from '@parley/client';
import { directMembers } from '@parley/protocol';
import { useChat } from '../../chat-client/hooks.ts';

/** Whether what is written there would be taken: by everybody of two, by a room's members only. */
export function useCanWrite(conversation: string): boolean {
  return useChat(
    ({ conversations }) => directMembers(conversation) !== undefined || isMember(conversations.get(conversation)),
  );
}

const isMember = (room: ConversationSnapshot | undefined): boolean =>
  room?.details?.kind === 'room' && room.details.joined;
