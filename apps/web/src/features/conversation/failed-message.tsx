import type { PendingMessage } from '@parley/client';
import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { trySend } from '../../chat-client/try-send.ts';
import { Button } from '../../components/button.tsx';
import { setDraft } from '../composer/drafts.ts';
import styles from './failed-message.module.css';

const focusComposer = (): void => document.querySelector<HTMLElement>('[data-focus="composer"]')?.focus();

/** Why a message was not sent, and what can be done with it. The text is never lost. */
export function FailedMessage({ conversation, message }: { conversation: string; message: PendingMessage }) {
  const client = useClient();
  const [isFull, setFull] = useState(false);
  const remove = () => {
    client.discard(message.id);
    focusComposer();
  };
  const takeBack = () => {
    setDraft(conversation, message.text);
    client.discard(message.id);
    focusComposer();
  };
  const again = () => {
    setFull(!trySend(() => client.retry(message.id)));
    focusComposer();
  };
  return (
    <div className={styles.failed}>
      <p>{isFull ? <Trans>Not sent: too many messages wait already.</Trans> : <Reason reason={message.reason} />}</p>
      <Button kind="link" onClick={again}>
        <Trans>Send again</Trans>
      </Button>
      <Button kind="link" onClick={takeBack}>
        <Trans>Edit</Trans>
      </Button>
      <Button kind="link" onClick={remove}>
        <Trans>Delete</Trans>
      </Button>
    </div>
  );
}

function Reason({ reason }: { reason: PendingMessage['reason'] }) {
  const { t } = useLingui();
  switch (reason) {
    case 'expired':
      return t`Not sent: it waited for more than a day.`;
    case 'not_a_member':
    case 'not_found':
      return t`Not sent: you are not in this room.`;
    case 'rate_limited':
      return t`Not sent: too many at once.`;
    case 'invalid_frame':
      return t`Not sent: the text is too long.`;
    default:
      return t`Not sent.`;
  }
}
