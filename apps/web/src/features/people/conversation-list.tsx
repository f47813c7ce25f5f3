import { Trans, useLingui } from '@lingui/react/macro';
import { Compass, Plus } from 'lucide-react';
import { Suspense, useState } from 'react';
import { useChat } from '../../chat-client/hooks.ts';
import { listedConversations } from '../../chat-client/titles.ts';
import { IconButton } from '../../components/button.tsx';
import { SMALL_ICON } from '../../components/icon.ts';
import { BrowseRoomsDialog, CreateRoomDialog } from '../later.ts';
import styles from './conversation-list.module.css';
import { ConversationRow } from './conversation-row.tsx';
import { Section } from './section.tsx';

/** What one takes part in, the newest on top. */
export function ConversationList({ selected }: { selected: string | undefined }) {
  const { t } = useLingui();
  const listed = useChat(listedConversations);
  const [dialog, setDialog] = useState<'create' | 'browse'>();
  const close = () => setDialog(undefined);
  return (
    <Section
      title={t`Conversations`}
      actions={
        <span className={styles.actions}>
          <IconButton
            className={styles.action}
            label={t`Public rooms`}
            icon={<Compass {...SMALL_ICON} />}
            onClick={() => setDialog('browse')}
          />
          <IconButton
            className={styles.action}
            label={t`New room`}
            icon={<Plus {...SMALL_ICON} />}
            onClick={() => setDialog('create')}
          />
        </span>
      }
    >
      {listed.length === 0 ? (
        <p className={styles.note}>
          <Trans>None yet. Pick somebody below, or make a room.</Trans>
        </p>
      ) : (
        <ul data-testid="conversations">
          {listed.map((id) => (
            <ConversationRow key={id} id={id} selected={id === selected} />
          ))}
        </ul>
      )}
      {dialog === 'create' ? (
        <Suspense>
          <CreateRoomDialog onClose={close} />
        </Suspense>
      ) : null}
      {dialog === 'browse' ? (
        <Suspense>
          <BrowseRoomsDialog onClose={close} />
        </Suspense>
      ) : null}
    </Section>
  );
}
