import { Plural, Trans } from '@lingui/react/macro';
import { CloudOff, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { SMALL_ICON } from '../../components/icon.ts';
import styles from './connection-banner.module.css';
import { useLinkState, useRetrySeconds } from './connection-words.ts';

// A send that is answered within this time is not "waiting".
const PATIENT_MS = 2_000;

/** Floats over the page, so that nothing moves when it comes and goes. */
export function ConnectionBanner({ pane }: { pane: 'list' | 'conversation' | 'details' }) {
  const client = useClient();
  const connection = useChat((chat) => chat.connection);
  const link = useLinkState(connection);
  const seconds = useRetrySeconds(connection);
  const waiting = useLongWaiting();

  if (link === 'calm' && waiting === 0) return null;
  const canHurry = link === 'reconnecting' || link === 'connecting';
  return (
    <div className={styles.place} data-pane={pane}>
      <div className={styles.banner} data-testid="connection-banner">
        {link === 'offline' ? <CloudOff {...SMALL_ICON} /> : <RefreshCw {...SMALL_ICON} className={styles.turning} />}
        <p className={styles.words} role={link === 'calm' ? 'status' : 'alert'}>
          {link === 'offline' ? <Trans>You are offline.</Trans> : null}
          {link === 'connecting' ? <Trans>Connecting…</Trans> : null}
          {link === 'catchingUp' ? <Trans>Catching up…</Trans> : null}
          {link === 'stopped' ? <Trans>This page is too old to connect. Reload it.</Trans> : null}
          {link === 'reconnecting' ? <Trans>Reconnecting…</Trans> : null}
        </p>
        {link === 'reconnecting' && seconds !== undefined ? (
          // A countdown read aloud each second would be a torment.
          <span className={styles.seconds} aria-hidden="true">
            <Trans>in {seconds} s</Trans>
          </span>
        ) : null}
        {waiting > 0 ? (
          <span>
            <Plural value={waiting} one="# message waits to be sent" other="# messages wait to be sent" />
          </span>
        ) : null}
        {canHurry ? (
          <Button kind="link" onClick={() => client.reconnectNow()}>
            <Trans>Now</Trans>
          </Button>
        ) : null}
        {link === 'stopped' ? (
          <Button kind="link" onClick={() => location.reload()}>
            <Trans>Reload</Trans>
          </Button>
        ) : null}
      </div>
    </div>
  );
}

/** How many messages wait, once some have waited for long enough to be worth a word. */
function useLongWaiting(): number {
  const waiting = useChat((chat) => chat.waitingCount);
  const isWaiting = waiting > 0;
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(() => setLong(true), PATIENT_MS);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [isWaiting]);
  return isLong ? waiting : 0;
}
