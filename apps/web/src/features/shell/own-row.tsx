import { Trans, useLingui } from '@lingui/react/macro';
import { Settings } from 'lucide-react';
import { Suspense, useState } from 'react';
import { useChat, useMe } from '../../chat-client/hooks.ts';
import { Avatar } from '../../components/avatar.tsx';
import { IconButton } from '../../components/button.tsx';
import { ICON } from '../../components/icon.ts';
import { PresenceMark } from '../../components/presence-mark.tsx';
import { useLinkState } from '../connection/connection-words.ts';
import { SettingsDialog } from '../later.ts';
import styles from './own-row.module.css';

/** My name and my state. A lost connection comes first: whatever else would be said is not true then. */
export function OwnRow() {
  const { t } = useLingui();
  const me = useMe();
  const [open, setOpen] = useState(false);
  return (
    <header className={styles.row} data-testid="own-row">
      <Avatar id={me?.id ?? ''} name={me?.name ?? '…'} />
      <div className={styles.words}>
        <h2 className={styles.name}>
          <bdi>{me?.name ?? '…'}</bdi>{' '}
          <span className={styles.you}>
            <Trans>you</Trans>
          </span>
        </h2>
        <OwnState />
      </div>
      <IconButton label={t`Settings`} icon={<Settings {...ICON} />} onClick={() => setOpen(true)} />
      {open ? (
        <Suspense>
          <SettingsDialog onClose={() => setOpen(false)} />
        </Suspense>
      ) : null}
    </header>
  );
}

function OwnState() {
  const connection = useChat((chat) => chat.connection);
  const wasWelcome = useChat((chat) => chat.me !== undefined);
  const state = useChat((chat) => (chat.me === undefined ? undefined : chat.presences.get(chat.me.id)?.state));
  const link = useLinkState(connection);
  // Before the first welcome there is nothing to keep quiet about.
  const isUp = link === 'calm' && (connection.status === 'online' || wasWelcome);
  const shown = state === 'away' ? 'away' : 'online';
  return (
    <p
      className={styles.state}
      data-testid="own-state"
      data-state={isUp ? shown : 'offline'}
      data-node={'node' in connection ? connection.node : undefined}
    >
      {isUp ? <PresenceMark state={shown} /> : null}
      {isUp ? shown === 'away' ? <Trans>Away</Trans> : <Trans>Online</Trans> : null}
      {!isUp && link === 'offline' ? <Trans>Offline</Trans> : null}
      {!isUp && link === 'reconnecting' ? <Trans>Reconnecting…</Trans> : null}
      {!isUp && link === 'stopped' ? <Trans>Not connected</Trans> : null}
      {!isUp && link === 'catchingUp' ? <Trans>Catching up…</Trans> : null}
      {!isUp && (link === 'connecting' || link === 'calm') ? <Trans>Connecting…</Trans> : null}
    </p>
  );
}
