import type { ConversationSnapshot } from '@parley/client';
import { useEffect, useRef } from 'react';
import { useChat } from '../../chat-client/hooks.ts';
import { EarlierWords } from './earlier-words.tsx';
import styles from './timeline.module.css';
import { useEarlier } from './use-earlier.ts';

/** No more entries than these are loaded to find where one left off: then one begins at the oldest of them. */
const MOST_ENTRIES = 500;

/** Whether what is held reaches down to where one left off: what stands there decides where the view opens. */
export function holdsFirstUnread({ timeline, unreadCount, readUpTo, hasEarlier }: ConversationSnapshot): boolean {
  if (unreadCount === 0 || !hasEarlier || timeline.length >= MOST_ENTRIES) return true;
  const [first] = timeline;
  return first?.type === 'entry' && first.entry.seq <= readUpTo;
}

/**
 * Stands where the timeline will be, and loads what was not read yet. Drawn at its end meanwhile, the timeline would count
 * as read what nobody saw.
 */
export function TimelineOpening({
  conversation,
  onStuck,
}: {
  conversation: ConversationSnapshot;
  /** No more comes for now, and something is held that can be shown. */
  onStuck: () => void;
}) {
  const { id, hasEarlier, timeline } = conversation;
  const scroller = useRef<HTMLDivElement>(null);
  const earlier = useEarlier({ conversation: id, hasEarlier, scroller, held: timeline.length });
  const isUp = useChat(({ connection }) => connection.status === 'online' || connection.status === 'catchingUp');
  const isStuck = timeline.length > 0 && (!isUp || earlier.state === 'failed');
  useEffect(() => {
    if (isStuck) onStuck();
  }, [isStuck, onStuck]);
  return (
    <div className={styles.frame}>
      <div ref={scroller} className={styles.scroller}>
        <EarlierWords {...earlier} hasEarlier={hasEarlier} />
      </div>
    </div>
  );
}
