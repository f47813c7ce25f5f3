import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ArrowLeft, Info } from 'lucide-react';
import { useConversation, useMe, usePresence } from '../../chat-client/hooks.ts';
import { peerOf } from '../../chat-client/titles.ts';
import { Avatar } from '../../components/avatar.tsx';
import { IconLink } from '../../components/button.tsx';
import { ICON } from '../../components/icon.ts';
import { PresenceMark } from '../../components/presence-mark.tsx';
import { hrefTo } from '../../route.ts';
import { usePresenceStale } from '../connection/connection-words.ts';
import { PresenceWord } from '../people/presence-word.tsx';
import styles from './conversation-header.module.css';
import { ConversationTitle, useConversationTitle } from './conversation-title.tsx';
import { TypingWords } from './typing-words.tsx';

export function ConversationHeader({ id, detailsShown }: { id: string; detailsShown: boolean }) {
  const { t } = useLingui();
  const me = useMe();
  const peer = peerOf(id, me);
  const title = useConversationTitle(id);
  return (
    <header className={styles.header}>
      <IconLink
        className={styles.back}
        label={t`Back to the list`}
        icon={<ArrowLeft {...ICON} />}
        href={hrefTo({ at: 'home' })}
      />
      <Avatar id={peer ?? id} name={title} square={peer === undefined} />
      <div className={styles.words}>
        <h1 className={styles.title} tabIndex={-1} data-focus="heading">
          <ConversationTitle id={id} />
        </h1>
        <p className={styles.line} data-testid="header-line">
          <HeaderLine id={id} peer={peer} />
        </p>
      </div>
      <IconLink
        label={detailsShown ? t`Close details` : t`Details`}
        icon={<Info {...ICON} />}
        href={hrefTo({ at: 'conversation', id, details: !detailsShown })}
      />
    </header>
  );
}

function HeaderLine({ id, peer }: { id: string; peer: string | undefined }) {
  const conversation = useConversation(id);
  const presence = usePresence(peer);
  const me = useMe();
  const isStale = usePresenceStale();
  if (conversation !== undefined && conversation.typing.length > 0)
    return <TypingWords users={conversation.typing} named={peer === undefined} />;
  const { details } = conversation ?? {};
  if (details?.kind === 'room')
    return (
      <>
        {details.visibility === 'private' ? <Trans>Private room</Trans> : <Trans>Public room</Trans>}
        {' · '}
        <Plural value={details.memberCount} one="# member" other="# members" />
      </>
    );
  if (peer === undefined || peer === me?.id) return null;
  const state = presence?.state ?? 'offline';
  return (
    <span className={styles.presence} data-state={state}>
      {state === 'offline' ? null : <PresenceMark state={state} />}
      {/* One text, so that the space between the two follows the language. */}
      <span>
        {isStale ? (
          <Trans>
            <PresenceWord presence={presence} /> (may be out of date)
          </Trans>
        ) : (
          <PresenceWord presence={presence} />
        )}
      </span>
    </span>
  );
}
