import { Trans, useLingui } from '@lingui/react/macro';
import { X } from 'lucide-react';
import { useConversation, useMe, usePresence } from '../../chat-client/hooks.ts';
import { idMark, peerOf } from '../../chat-client/titles.ts';
import { Avatar } from '../../components/avatar.tsx';
import { IconLink } from '../../components/button.tsx';
import { ICON } from '../../components/icon.ts';
import { PresenceMark } from '../../components/presence-mark.tsx';
import { conversationHref } from '../../route.ts';
import { ConversationTitle, useConversationTitle } from '../conversation/conversation-title.tsx';
import { PresenceWord } from '../people/presence-word.tsx';
import styles from './details-pane.module.css';
import { RoomDetails } from './room-details.tsx';

/** More about a conversation: who the person is, or what the room is and who is in it. */
export function DetailsPane({ id }: { id: string }) {
  const { t } = useLingui();
  const conversation = useConversation(id);
  const me = useMe();
  const title = useConversationTitle(id);
  const peer = peerOf(id, me);
  const room = conversation?.details?.kind === 'room' ? conversation.details : undefined;
  return (
    <div className={styles.pane}>
      <header className={styles.header}>
        <h2 className={styles.heading}>
          <Trans>Details</Trans>
        </h2>
        <IconLink label={t`Close details`} icon={<X {...ICON} />} href={conversationHref(id)} />
      </header>
      <div className={styles.who}>
        <Avatar id={peer ?? id} name={title} size="large" square={peer === undefined} />
        <p className={styles.name}>
          <ConversationTitle id={id} />
        </p>
        {peer === undefined ? null : <PersonLine peer={peer} />}
      </div>
      {room === undefined ? null : <RoomDetails room={room} />}
    </div>
  );
}

function PersonLine({ peer }: { peer: string }) {
  const presence = usePresence(peer);
  const state = presence?.state ?? 'offline';
  return (
    <>
      <p className={styles.presence}>
        {state === 'offline' ? null : <PresenceMark state={state} />}
        <PresenceWord presence={presence} />
      </p>
      <p className={styles.mark}>
        <Trans>ID {idMark(peer)}</Trans>
      </p>
    </>
  );
}
