import { Trans, useLingui } from '@lingui/react/macro';
import { useChat, useMe, useUser } from '../../chat-client/hooks.ts';
import { peerOf } from '../../chat-client/titles.ts';
import { PersonName } from '../../components/name.tsx';
import { listingOf } from '../rooms/room-listing-row.tsx';

/** What a conversation is called, as plain text. */
export function useConversationTitle(id: string): string {
  const { t } = useLingui();
  const me = useMe();
  const peer = peerOf(id, me);
  const peerName = useUser(peer)?.name;
  const roomName = useRoomName(id);
  if (peer === undefined) return roomName ?? t`Room`;
  return peer === me?.id ? t`Notes to myself` : (peerName ?? '…');
}

/** The same, kept apart from the direction of the text around it. */
export function ConversationTitle({ id }: { id: string }) {
  const me = useMe();
  const peer = peerOf(id, me);
  const roomName = useRoomName(id);
  if (peer === undefined) return roomName === undefined ? <Trans>Room</Trans> : <bdi>{roomName}</bdi>;
  return peer === me?.id ? <Trans>Notes to myself</Trans> : <PersonName id={peer} />;
}

function useRoomName(id: string): string | undefined {
  const details = useChat((chat) => chat.conversations.get(id)?.details);
  return details?.kind === 'room' ? details.name : listingOf(id)?.name;
}
