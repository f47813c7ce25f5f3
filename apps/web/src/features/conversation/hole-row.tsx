import type { Hole } from '@parley/client';
import { Plural, Trans } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import styles from './timeline.module.css';

/** Messages that exist but are not here. Coming into view loads them; a failed try leaves the button. */
export function HoleRow({ conversation, hole }: { conversation: string; hole: Hole }) {
  const client = useClient();
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  const [failed, setFailed] = useState(false);
  const count = hole.to - hole.from + 1;

  useEffect(() => {
    if (!isOnline || failed) return;
    client.loadHole(conversation, hole).catch(() => setFailed(true));
  }, [client, conversation, hole, isOnline, failed]);

  return (
    <div className={styles.hole}>
      <span>
        <Plural value={count} one="# message is not loaded" other="# messages are not loaded" />
      </span>
      {failed || !isOnline ? (
        <Button kind="link" disabled={!isOnline} onClick={() => setFailed(false)}>
          <Trans>Load</Trans>
        </Button>
      ) : null}
    </div>
  );
}
