import { Trans, useLingui } from '@lingui/react/macro';
import { CloudOff, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { QUIET_MS, useLinkState, useRetrySeconds } from '../connection/connection-words.ts';
import styles from './arrival.module.css';

const LARGE_ICON = { size: 32, strokeWidth: 1.5, 'aria-hidden': true } as const;

/** Before the first welcome nothing is known of anybody: the page says where it stands, and claims nothing else. */
export function Arrival() {
  const { t } = useLingui();
  const client = useClient();
  const connection = useChat((chat) => chat.connection);
  const link = useLinkState(connection);
  const seconds = useRetrySeconds(connection);
  const kept = t`What you wrote and did not send is kept.`;

  return (
    <main className={styles.page} aria-live="polite">
      {link === 'calm' || link === 'catchingUp' ? null : link === 'stopped' ? (
        <EmptyState
          icon={<CloudOff {...LARGE_ICON} />}
          title={t`This page is too old to connect. Reload it.`}
          text={kept}
        >
          <Button kind="primary" onClick={() => location.reload()}>
            <Trans>Reload</Trans>
          </Button>
        </EmptyState>
      ) : link === 'offline' ? (
        <EmptyState
          icon={<CloudOff {...LARGE_ICON} />}
          title={t`You are offline`}
          text={t`Parley opens as soon as the network is back. What you wrote and did not send is kept.`}
        />
      ) : link === 'connecting' ? (
        <Connecting />
      ) : (
        <EmptyState icon={<CloudOff {...LARGE_ICON} />} title={t`Parley cannot be reached`} text={kept}>
          <p className={styles.next}>
            {seconds === undefined ? <Trans>Trying again…</Trans> : <Trans>Trying again in {seconds} s</Trans>}
          </p>
          <Button onClick={() => client.reconnectNow()}>
            <Trans>Try now</Trans>
          </Button>
        </EmptyState>
      )}
    </main>
  );
}

/** Nobody has answered yet whether this browser is signed in. */
export function Asking() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <main className={styles.page} aria-live="polite">
      {isLong ? <Connecting /> : null}
    </main>
  );
}

function Connecting() {
  const { t } = useLingui();
  return (
    <EmptyState icon={<RefreshCw {...LARGE_ICON} className={styles.turning} />} title={t`Connecting to Parley…`} />
  );
}
