import { RefusedError } from '@parley/client';
import { Trans, useLingui } from '@lingui/react/macro';
import { Link2Off } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { goTo } from '../../route.ts';
import { useRefusal } from './refusal.ts';

/** Somebody came by an invite link: joins, then opens the room. */
export function InviteArrival({ room, token }: { room: string; token: string }) {
  const { t } = useLingui();
  const client = useClient();
  const explainOther = useRefusal();
  const isWelcome = useChat((chat) => chat.me !== undefined && chat.connection.status === 'online');
  const [error, setError] = useState<{ isInvalid: boolean; text: string }>();
  const explain = useCallback(
    (cause: unknown) => {
      const isInvalid =
        cause instanceof RefusedError && (cause.code === 'invite_invalid' || cause.code === 'not_found');
      const text = isInvalid
        ? t`It was replaced, or copied wrongly. Copy it again from where you got it, or ask for a new one.`
        : explainOther(cause);
      return { isInvalid, text };
    },
    [explainOther, t],
  );

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

  if (error === undefined) return <EmptyState title={t`Opening the room…`} filling />;
  return (
    <EmptyState
      filling
      icon={<Link2Off size={32} strokeWidth={1.5} aria-hidden="true" />}
      title={error.isInvalid ? t`This invite link is not valid` : t`The room did not open`}
      text={error.text}
    >
      <ToConversations />
    </EmptyState>
  );
}

/** The link lost a piece on its way here: nothing can be asked of anybody. */
export function BrokenInvite() {
  const { t } = useLingui();
  return (
    <EmptyState
      filling
      icon={<Link2Off size={32} strokeWidth={1.5} aria-hidden="true" />}
      title={t`This invite link is not complete`}
      text={t`A piece of it is missing. Go back to where you got it and copy the whole link, or ask for a new one.`}
    >
      <ToConversations />
    </EmptyState>
  );
}

function ToConversations() {
  return (
    <Button onClick={() => goTo({ at: 'home' }, { replace: true })}>
      <Trans>To my conversations</Trans>
    </Button>
  );
}
