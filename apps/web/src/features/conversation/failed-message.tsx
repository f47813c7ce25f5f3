import type { PendingMessage } from '@parley/client';
import { directMembers } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { trySend } from '../../chat-client/try-send.ts';
import { Button } from '../../components/button.tsx';
import { draftOf, setDraft } from '../composer/drafts.ts';
import { useCanWrite } from './can-write.ts';
import styles from './failed-message.module.css';

/** The button that was pressed goes away with its message; where nothing can be written the messages take the focus. */
function passFocus(): void {
  const places = ['[data-focus=composer]', '[role=log]'].map((place) => document.querySelector<HTMLElement>(place));
  places.find((place) => place !== null)?.focus();
}

/** Why a message was not sent, and what can be done with it. The text is never lost. */
export function FailedMessage({ conversation, message }: { conversation: string; message: PendingMessage }) {
  const client = useClient();
  const canWrite = useCanWrite(conversation);
  const [isFull, setFull] = useState(false);
  const remove = () => {
    client.discard(message.id);
    passFocus();
  };
  const takeBack = () => {
    const draft = draftOf(conversation);
    setDraft(conversation, draft.trim() === '' ? message.text : `${draft}\n${message.text}`);
    client.discard(message.id);
    passFocus();
  };
  const again = () => {
    setFull(!trySend(() => client.retry(message.id)));
    passFocus();
  };
  return (
    <div className={styles.failed}>
      <p>
        {isFull ? (
          <Trans>Not sent: too many messages wait already.</Trans>
        ) : (
          <Reason reason={message.reason} place={placeOf(conversation, canWrite)} />
        )}
      </p>
      {canWrite ? (
        <>
          <Button kind="link" onClick={again}>
            <Trans>Send again</Trans>
          </Button>
          <Button kind="link" onClick={takeBack}>
            <Trans>Edit</Trans>
          </Button>
        </>
      ) : null}
      <Button kind="link" onClick={remove}>
        <Trans>Delete</Trans>
      </Button>
    </div>
  );
}

type Place = 'direct' | 'room' | 'room left';

function placeOf(conversation: string, canWrite: boolean): Place {
  if (directMembers(conversation) !== undefined) return 'direct';
  return canWrite ? 'room' : 'room left';
}

function Reason({ reason, place }: { reason: PendingMessage['reason']; place: Place }) {
  const { t } = useLingui();
  switch (reason) {
    case 'expired':
      return t`Not sent: it waited for more than a day.`;
    case 'not_a_member':
    case 'not_found':
      if (place === 'direct') return t`Not sent: this person is not known here.`;
      // Who has come back reads it above a composer that works.
      return place === 'room' ? t`Not sent: you were not in this room.` : t`Not sent: you are not in this room.`;
    case 'rate_limited':
      return t`Not sent: too many at once.`;
    case 'invalid_frame':
      return t`Not sent: the text is too long.`;
    default:
      return t`Not sent.`;
  }
}
