import { Trans } from '@lingui/react/macro';
import { memo } from 'react';
import { DayLabel } from './day-label.tsx';
import { EntrySentence } from './entry-sentence.tsx';
import { HoleRow } from './hole-row.tsx';
import { Message, SpokenAuthor } from './message.tsx';
import type { DeliveryMark, MessageRow, TimelineRow } from './timeline-rows.ts';
import styles from './timeline.module.css';

interface ItemProps {
  conversation: string;
  row: TimelineRow;
  newest: { key: string; mark: DeliveryMark } | undefined;
  fresh: boolean;
}

/** One row, whatever it is. */
export function TimelineItem({ conversation, row, newest, fresh }: ItemProps) {
  switch (row.type) {
    case 'message':
      return <MessageItem conversation={conversation} row={row} mark={markOf(row, newest)} fresh={fresh} />;
    case 'notice':
      return (
        <p className={styles.notice}>
          <EntrySentence entry={row.entry} />
        </p>
      );
    case 'day':
      return (
        <p className={styles.day}>
          <span className={styles.pill}>
            <DayLabel at={row.at} />
          </span>
        </p>
      );
    case 'unread':
      return (
        <p className={styles.unread}>
          <Trans>New</Trans>
        </p>
      );
    case 'hole':
      return <HoleRow conversation={conversation} hole={row.hole} />;
  }
}

interface MessageItemProps {
  conversation: string;
  row: MessageRow;
  mark: DeliveryMark | undefined;
  fresh: boolean;
}

// Rows are made anew with each change; what they say decides whether to draw again.
const MessageItem = memo(
  function MessageItem({ conversation, row, mark, fresh }: MessageItemProps) {
    return (
      <article data-seq={row.seq} data-id={row.key}>
        <SpokenAuthor row={row} />
        <Message
          conversation={conversation}
          row={row}
          mark={mark}
          named={conversation.startsWith('r_')}
          fresh={fresh}
        />
      </article>
    );
  },
  (before, after) =>
    before.conversation === after.conversation &&
    before.mark === after.mark &&
    before.fresh === after.fresh &&
    isSameRow(before.row, after.row),
);

function isSameRow(one: MessageRow, other: MessageRow): boolean {
  return (
    one.key === other.key &&
    one.text === other.text &&
    one.at === other.at &&
    one.seq === other.seq &&
    one.first === other.first &&
    one.last === other.last &&
    one.pending === other.pending
  );
}

function markOf(row: MessageRow, newest: ItemProps['newest']): DeliveryMark | undefined {
  if (row.pending !== undefined) return row.pending.status === 'failed' ? 'failed' : 'waiting';
  return newest?.key === row.key ? newest.mark : undefined;
}
