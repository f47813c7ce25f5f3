import { useEffect, useState } from 'react';
import type { TimelineRow } from './timeline-rows.ts';

// As long as the animation of message.module.css, and a little more.
const FRESH_MS = 300;

/** Keys of rows that were just added at the end. Rows that come into view by scrolling, or with history, are not fresh. */
export function useFresh(rows: readonly TimelineRow[]): ReadonlySet<string> {
  const [known, setKnown] = useState(rows);
  const [fresh, setFresh] = useState<ReadonlySet<string>>(NONE);
  if (rows !== known) {
    setKnown(rows);
    const added = addedAtEnd(known, rows);
    if (added.size > 0) setFresh(added);
  }
  useEffect(() => {
    if (fresh.size === 0) return;
    const timer = setTimeout(() => setFresh(NONE), FRESH_MS);
    return () => clearTimeout(timer);
  }, [fresh]);
  return fresh;
}

const NONE: ReadonlySet<string> = new Set();
// More at once is a catch-up, not a conversation.
const MOST = 3;

function addedAtEnd(before: readonly TimelineRow[], after: readonly TimelineRow[]): ReadonlySet<string> {
  if (before.length === 0) return NONE;
  const tail = new Set(before.slice(-MOST - 1).map((row) => row.key));
  const added = new Set<string>();
  for (let at = after.length - 1; at >= 0; at -= 1) {
    const key = after[at]?.key;
    if (key === undefined || tail.has(key)) return added;
    added.add(key);
    if (added.size > MOST) return NONE;
  }
  return NONE;
}
