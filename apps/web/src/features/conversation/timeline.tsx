import type { ConversationSnapshot } from '@parley/client';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useMe } from '../../chat-client/hooks.ts';
import { SMALL_ICON } from '../../components/icon.ts';
import { classNames } from '../../lib/class-names.ts';
import { DayLabel } from './day-label.tsx';
import { EarlierWords } from './earlier-words.tsx';
import { TimelineItem } from './timeline-item.tsx';
import { TimelineOpening, holdsFirstUnread } from './timeline-opening.tsx';
import { type TimelineRow, buildRows, firstUnread, newestOwn } from './timeline-rows.ts';
import styles from './timeline.module.css';
import { useConversationTitle } from './conversation-title.tsx';
import { useEarlier } from './use-earlier.ts';
import { useFresh } from './use-fresh.ts';
import { useReadPosition } from './use-read-position.ts';
import { useTimelineScroll } from './use-timeline-scroll.ts';

interface TimelineProps {
  conversation: ConversationSnapshot;
  /** Told whether the view follows the end. */
  onPinned: (pinned: boolean) => void;
}

/** What was said, in order, from where one left off. */
export function Timeline({ conversation, onPinned }: TimelineProps) {
  const [isOpen, setIsOpen] = useState(false);
  const open = useCallback(() => setIsOpen(true), []);
  // Once open it stays so: what becomes unread from then on is below.
  if (!isOpen && holdsFirstUnread(conversation)) open();
  if (!isOpen) return <TimelineOpening conversation={conversation} onStuck={open} />;
  return <OpenTimeline conversation={conversation} onPinned={onPinned} />;
}

/** Only the rows near the view exist as elements. */
function OpenTimeline({ conversation, onPinned }: TimelineProps) {
  const { t } = useLingui();
  const { id, pending, hasEarlier, unreadCount } = conversation;
  const title = useConversationTitle(id);
  const scroller = useRef<HTMLDivElement>(null);
  const { rows, unreadAfter } = useRows(conversation);
  const fresh = useFresh(rows);
  const { virtualizer, pinned, toEnd } = useTimelineScroll({
    conversation: id,
    rows,
    beginning: unreadAfter === undefined ? undefined : firstUnread(rows, unreadAfter)?.key,
    scroller,
    pendingCount: pending.length,
  });
  const items = virtualizer.getVirtualItems();

  const earlier = useEarlier({ conversation: id, hasEarlier, scroller, held: conversation.timeline.length });
  useEffect(() => onPinned(pinned), [onPinned, pinned]);
  useReadPosition(id, () => newestInView(rows, virtualizer));
  const newest = newestOwn(rows, seenUpTo(conversation));
  const topDay = dayAt(rows, virtualizer.range?.startIndex);

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroller}
        role="log"
        aria-live="off"
        aria-label={t`Messages with ${title}`}
        // A box that scrolls must be reachable by keyboard.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        data-testid="timeline"
      >
        <EarlierWords {...earlier} hasEarlier={hasEarlier} />
        <ol ref={virtualizer.containerRef} className={styles.rows}>
          {/* `measureElement` is a function that takes the element, not a ref that is read. */}
          {/* oxlint-disable-next-line react/refs */}
          {items.map((item) => {
            const row = rows[item.index];
            if (row === undefined) return null;
            return (
              <li key={item.key} ref={virtualizer.measureElement} data-index={item.index} className={styles.row}>
                <TimelineItem conversation={id} row={row} newest={newest} fresh={fresh.has(row.key)} />
              </li>
            );
          })}
        </ol>
      </div>
      {topDay === undefined ? null : (
        <div className={classNames(styles.sticky, styles.day)} aria-hidden="true">
          <span className={styles.pill}>
            <DayLabel at={topDay} />
          </span>
        </div>
      )}
      {pinned ? null : (
        <button type="button" className={styles.chip} onClick={toEnd} data-testid="to-newest">
          <ArrowDown {...SMALL_ICON} />
          {unreadCount > 0 ? <Plural value={unreadCount} one="# new" other="# new" /> : <Trans>To the newest</Trans>}
        </button>
      )}
    </div>
  );
}

/** Rows of the held entries; the "new" line and the seams of loaded pages stay where they were when they appeared. */
function useRows(conversation: ConversationSnapshot): {
  rows: readonly TimelineRow[];
  unreadAfter: number | undefined;
} {
  const me = useMe()?.id;
  const { timeline, pending, hasEarlier } = conversation;
  const [unreadAfter] = useState(conversation.unreadCount > 0 ? conversation.readUpTo : undefined);
  const [seams, setSeams] = useState<ReadonlySet<number>>(new Set());
  const first = timeline[0]?.type === 'entry' ? timeline[0].entry.seq : undefined;
  if (first !== undefined && !seams.has(first)) setSeams(new Set([...seams, first]));
  const rows = useMemo(
    () => buildRows({ items: timeline, pending, me, hasEarlier, unreadAfter, seams }),
    [timeline, pending, me, hasEarlier, unreadAfter, seams],
  );
  return { rows, unreadAfter };
}

function seenUpTo(conversation: ConversationSnapshot): number {
  let most = 0;
  for (const seq of conversation.reads.values()) most = Math.max(most, seq);
  return most;
}

/** Day of the row at the top edge, unless that row is the day's own. */
function dayAt(rows: readonly TimelineRow[], index: number | undefined): number | undefined {
  const row = index === undefined ? undefined : rows[index];
  return row !== undefined && 'at' in row && row.type !== 'day' ? row.at : undefined;
}

function newestInView(
  rows: readonly TimelineRow[],
  virtualizer: ReturnType<typeof useTimelineScroll>['virtualizer'],
): number {
  const bottom = (virtualizer.scrollOffset ?? 0) + (virtualizer.scrollRect?.height ?? 0);
  const items = virtualizer.getVirtualItems();
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const item = items[at];
    const row = item === undefined ? undefined : rows[item.index];
    if (item === undefined || row === undefined || !('seq' in row) || row.seq === undefined) continue;
    // Whole, or of a long one a good part.
    if (item.end <= bottom || item.start < bottom - 200) return row.seq;
  }
  return 0;
}
