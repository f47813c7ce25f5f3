import { Trans, useLingui } from '@lingui/react/macro';
import { useConversation, useMe } from '../../chat-client/hooks.ts';
import { lastMomentOf, peerOf } from '../../chat-client/titles.ts';
import { Avatar } from '../../components/avatar.tsx';
import { shortMoment } from '../../lib/dates.ts';
import { useNow } from '../../lib/now.ts';
import { conversationHref } from '../../route.ts';
import { ConversationTitle, useConversationTitle } from '../conversation/conversation-title.tsx';
import { useUnread } from '../conversation/looked-at.ts';
import styles from './conversation-list.module.css';
import { PersonAvatar } from './person-avatar.tsx';
import { Preview } from './preview.tsx';
import { Row } from './row.tsx';

export function ConversationRow({ id, selected, onPick }: { id: string; selected: boolean; onPick?: () => void }) {
  const { i18n } = useLingui();
  const conversation = useConversation(id);
  const title = useConversationTitle(id);
  const me = useMe();
  const now = useNow();
  const unread = useUnread(id, conversation?.unreadCount ?? 0);
  if (conversation === undefined) return null;
  const peer = peerOf(id, me);
  const at = lastMomentOf(conversation);
  return (
    <Row
      href={conversationHref(id)}
      selected={selected}
      avatar={peer === undefined ? <Avatar id={id} name={title} square /> : <PersonAvatar id={peer} fallback={title} />}
      title={
        <span className={unread > 0 ? styles.unread : undefined}>
          <ConversationTitle id={id} />
        </span>
      }
      aside={at === 0 ? null : <time className={styles.time}>{shortMoment(i18n.locale, at, now)}</time>}
      line={<Preview conversation={conversation} />}
      badge={
        unread > 0 ? (
          <span className={styles.badge}>
            {unread > 999 ? '999+' : unread}
            <span className="spoken">
              {' '}
              <Trans>unread</Trans>
            </span>
          </span>
        ) : null
      }
      onPick={onPick}
    />
  );
}
