import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { goTo } from '../../route.ts';
import { useRefusal } from './refusal.ts';

/** Somebody came by an invite link: joins, then opens the room. */
export function InviteArrival({ room, token }: { room: string; token: string }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const isWelcome = useChat((chat) => chat.me !== undefined && chat.connection.status === 'online');
  const [error, setError] = useState<string>();

  useEffect(() => {
    if (!isWelcome) return;
    let isCurrent = true;
    client.joinRoom(room, token).then(
      () => {
        if (isCurrent) goTo({ at: 'conversation', id: room, details: false }, { replace: true });
      },
      (cause: unknown) => {
        if (isCurrent) setError(explain(cause));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [client, room, token, isWelcome, explain]);

  return error === undefined ? (
    <EmptyState title={t`Opening the room…`} />
  ) : (
    <EmptyState title={t`The room did not open`} text={error}>
      <Button onClick={() => goTo({ at: 'home' }, { replace: true })}>
        <Trans>To my conversations</Trans>
      </Button>
    </EmptyState>
  );
}
