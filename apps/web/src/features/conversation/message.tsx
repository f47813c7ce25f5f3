import { Trans, useLingui } from '@lingui/react/macro';
import { Check, CheckCheck, CircleAlert, Clock } from 'lucide-react';
import { useUser } from '../../chat-client/hooks.ts';
import { Avatar } from '../../components/avatar.tsx';
import { PersonName } from '../../components/name.tsx';
import { classNames } from '../../lib/class-names.ts';
import { fullDate, timeOfDay } from '../../lib/dates.ts';
import { FailedMessage } from './failed-message.tsx';
import { MessageText } from './message-text.tsx';
import styles from './message.module.css';
import type { DeliveryMark, MessageRow } from './timeline-rows.ts';

interface MessageProps {
  conversation: string;
  row: MessageRow;
  mark: DeliveryMark | undefined;
  /** Between two people the name says nothing new. */
  named: boolean;
  /** It has just come: it slides in. */
  fresh: boolean;
}

/** One message as a bubble, with its group's name and time when it opens the group. */
export function Message({ conversation, row, mark, named, fresh }: MessageProps) {
  const { i18n } = useLingui();
  const { own, first, last } = row;
  return (
    <div
      className={classNames(
        styles.message,
        own ? styles.own : styles.other,
        first && styles.first,
        fresh && styles.fresh,
      )}
    >
      {named && !own ? <div className={styles.gutter}>{first ? <AuthorAvatar id={row.author} /> : null}</div> : null}
      <div className={styles.column}>
        {first ? (
          <p className={styles.head}>
            {named && !own ? (
              <span className={styles.author}>
                <PersonName id={row.author} />
              </span>
            ) : null}
            <time dateTime={new Date(row.at).toISOString()} title={fullDate(i18n.locale, row.at)}>
              {timeOfDay(i18n.locale, row.at)}
            </time>
          </p>
        ) : null}
        <div className={styles.line}>
          <div className={classNames(styles.bubble, last && styles.last)} dir="auto">
            <span data-text>
              <MessageText text={row.text} />
            </span>
            {mark === undefined ? null : <Mark mark={mark} />}
          </div>
          {first ? null : (
            <time className={styles.aside} dateTime={new Date(row.at).toISOString()} aria-hidden="true">
              {timeOfDay(i18n.locale, row.at)}
            </time>
          )}
        </div>
        {row.pending?.status === 'failed' ? <FailedMessage conversation={conversation} message={row.pending} /> : null}
      </div>
    </div>
  );
}

function AuthorAvatar({ id }: { id: string }) {
  const name = useUser(id)?.name ?? '…';
  return <Avatar id={id} name={name} size="small" />;
}

const MARK_ICON = { size: 14, strokeWidth: 2, 'aria-hidden': true } as const;

function Mark({ mark }: { mark: DeliveryMark }) {
  const { t } = useLingui();
  const words: Record<DeliveryMark, string> = {
    waiting: t`Waiting to be sent`,
    sent: t`Sent`,
    seen: t`Seen`,
    failed: t`Not sent`,
  };
  return (
    <span className={styles.mark} data-mark={mark} title={words[mark]}>
      {mark === 'waiting' ? <Clock {...MARK_ICON} /> : null}
      {mark === 'sent' ? <Check {...MARK_ICON} /> : null}
      {mark === 'seen' ? <CheckCheck {...MARK_ICON} /> : null}
      {mark === 'failed' ? <CircleAlert {...MARK_ICON} /> : null}
      <span className="spoken"> {words[mark]}</span>
    </span>
  );
}

/** Stands in the flow of a screen reader before a message that has no visible name. */
export function SpokenAuthor({ row }: { row: MessageRow }) {
  return <span className="spoken">{row.own ? <Trans>You</Trans> : <PersonName id={row.author} />}: </span>;
}
