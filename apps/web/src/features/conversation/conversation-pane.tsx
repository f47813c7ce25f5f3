import type { ConversationSnapshot } from '@parley/client';
import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useChat, useClient, useConversation, useMe } from '../../chat-client/hooks.ts';
import { peerOf } from '../../chat-client/titles.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { Composer } from '../composer/composer.tsx';
import { useRefusal } from '../rooms/refusal.ts';
import { useCanWrite } from './can-write.ts';
import { ConversationHeader } from './conversation-header.tsx';
import styles from './conversation-pane.module.css';
import { useConversationTitle } from './conversation-title.tsx';
import { useLookedAt } from './looked-at.ts';
import { Timeline } from './timeline.tsx';

/** One conversation: who or what it is, what was said, and where one writes. */
export function ConversationPane({ id, detailsShown }: { id: string; detailsShown: boolean }) {
  const conversation = useConversation(id);
  const me = useMe();
  const isDirect = peerOf(id, me) !== undefined;
  const canWrite = useCanWrite(id);
  return (
    <div className={styles.pane}>
      <ConversationHeader id={id} detailsShown={detailsShown} />
      {me === undefined ? <div /> : <Body id={id} conversation={conversation} isDirect={isDirect} />}
      {me === undefined || !canWrite ? <div /> : <Composer conversation={id} />}
    </div>
  );
}

function Body({
  id,
  conversation,
  isDirect,
}: {
  id: string;
  conversation: ConversationSnapshot | undefined;
  isDirect: boolean;
}) {
  const { t } = useLingui();
  const title = useConversationTitle(id);
  // Nothing written yet is an end that is in view, too.
  const [pinned, setPinned] = useState(true);
  // Before the client has caught up nobody knows what is unread.
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  useLookedAt(id, { pinned, isRead: isOnline && (conversation?.unreadCount ?? 0) === 0 });
  if (!isDirect && conversation?.details === undefined) return <JoinOffer id={id} />;
  const isEmpty =
    conversation === undefined ||
    (conversation.timeline.length === 0 && conversation.pending.length === 0 && !conversation.hasEarlier);
  if (isEmpty)
    return <EmptyState title={t`Nothing written yet`} text={t`Write the first message to ${title} below.`} />;
  const { details } = conversation;
  return (
    <div className={styles.body}>
      <Timeline conversation={conversation} onPinned={setPinned} />
      {details?.kind !== 'room' || details.joined ? null : (
        <Left id={id} isPrivate={details.visibility === 'private'} />
      )}
    </div>
  );
}

function useJoin(id: string): { join: () => void; error: string | undefined } {
  const client = useClient();
  const explain = useRefusal();
  const [error, setError] = useState<string>();
  const join = () => {
    setError(undefined);
    client.joinRoom(id).catch((cause: unknown) => setError(explain(cause)));
  };
  return { join, error };
}

function JoinOffer({ id }: { id: string }) {
  const title = useConversationTitle(id);
  const { t } = useLingui();
  const { join, error } = useJoin(id);
  return (
    <EmptyState title={title} text={error ?? t`You are not in this room yet.`}>
      <Button kind="primary" onClick={join}>
        <Trans>Join</Trans>
      </Button>
    </EmptyState>
  );
}

function Left({ id, isPrivate }: { id: string; isPrivate: boolean }) {
  const { join, error } = useJoin(id);
  if (isPrivate)
    return (
      <div className={styles.left}>
        <p>
          <Trans>You left this room. To come back you need an invite link.</Trans>
        </p>
      </div>
    );
  return (
    <div className={styles.left}>
      <p>{error ?? <Trans>You left this room.</Trans>}</p>
      <Button onClick={join}>
        <Trans>Join again</Trans>
      </Button>
    </div>
  );
}
