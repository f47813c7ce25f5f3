import type { Hole, PendingMessage, TimelineItem } from '@parley/client';
import type { Entry } from '@parley/protocol';
import { dayKey } from '../../lib/dates.ts';

/** A run of one author's messages is one group as long as no pause is longer than this. */
export const GROUP_MS = 5 * 60_000;

export interface MessageRow {
  readonly type: 'message';
  readonly key: string;
  readonly author: string;
  readonly text: string;
  /** Wall clock, milliseconds since 1970. */
  readonly at: number;
  /** Undefined while it waits for its place. */
  readonly seq: number | undefined;
  readonly own: boolean;
  /** Stands at the start, at the end of its group. */
  readonly first: boolean;
  readonly last: boolean;
  readonly pending: PendingMessage | undefined;
}

export type TimelineRow =
  | MessageRow
  | { readonly type: 'notice'; readonly key: string; readonly entry: Entry; readonly seq: number; readonly at: number }
  | { readonly type: 'day'; readonly key: string; readonly at: number }
  | { readonly type: 'unread'; readonly key: string }
  | { readonly type: 'hole'; readonly key: string; readonly hole: Hole };

export interface RowsInput {
  readonly items: readonly TimelineItem[];
  readonly pending: readonly PendingMessage[];
  readonly me: string | undefined;
  /** More entries exist before the first item. */
  readonly hasEarlier: boolean;
  /** The "new" line stands before the first message of others above this seq; undefined for no line. */
  readonly unreadAfter: number | undefined;
  /**
   * Where a page of history began once: a group never grows over it. Otherwise the row at the top of the screen would lose
   * its name when an older page arrives, and everything below would jump.
   */
  readonly seams: ReadonlySet<number>;
}

/** Turns what is held into what is drawn, top to bottom. Pure. */
export function buildRows(input: RowsInput): TimelineRow[] {
  const { items, pending, me, hasEarlier, unreadAfter, seams } = input;
  const rows: TimelineRow[] = [];
  let day: string | undefined;
  let needsLine = unreadAfter !== undefined;

  const separate = (at: number, key: string) => {
    const next = dayKey(at);
    // The day of the oldest row held is not known to begin there.
    if (day !== next && (day !== undefined || !hasEarlier)) rows.push({ type: 'day', key: `day:${key}`, at });
    day = next;
  };
  const add = (message: Omit<MessageRow, 'type' | 'first' | 'last'>) => {
    const before = rows.at(-1);
    const joins =
      before?.type === 'message' &&
      before.author === message.author &&
      message.at - before.at < GROUP_MS &&
      !(message.seq !== undefined && seams.has(message.seq));
    if (joins) rows[rows.length - 1] = { ...before, last: false };
    rows.push({ type: 'message', ...message, first: !joins, last: true });
  };

  for (const item of items) {
    if (item.type === 'hole') {
      rows.push({ type: 'hole', key: `hole:${item.hole.from}`, hole: item.hole });
      continue;
    }
    const { entry } = item;
    separate(entry.at, entry.id);
    if (entry.kind !== 'message') {
      rows.push({ type: 'notice', key: `seq:${entry.seq}`, entry, seq: entry.seq, at: entry.at });
      continue;
    }
    const own = entry.author === me;
    if (needsLine && !own && unreadAfter !== undefined && entry.seq > unreadAfter) {
      needsLine = false;
      if (!hasEarlier || rows.some((row) => 'seq' in row)) rows.push({ type: 'unread', key: 'unread' });
    }
    // An own row keeps its key from the outbox, so that it is the same element before and after the ack.
    add({
      key: own ? entry.id : `seq:${entry.seq}`,
      author: entry.author,
      text: entry.text,
      at: entry.at,
      seq: entry.seq,
      own,
      pending: undefined,
    });
  }
  for (const message of pending) {
    separate(message.writtenAt, message.id);
    add({
      key: message.id,
      author: me ?? '',
      text: message.text,
      at: message.writtenAt,
      seq: undefined,
      own: true,
      pending: message,
    });
  }
  return rows;
}

/** Where one begins to read: the "new" line, or without one the oldest row held that is unread. */
export function firstUnread(rows: readonly TimelineRow[], unreadAfter: number): TimelineRow | undefined {
  return (
    rows.find((row) => row.type === 'unread') ??
    rows.find((row) => row.type === 'message' && !row.own && row.seq !== undefined && row.seq > unreadAfter)
  );
}

/** The mark in an own bubble; undefined for none. */
export type DeliveryMark = 'waiting' | 'failed' | 'sent' | 'seen';

/** Key of the newest own message that has its place, and whether somebody else has read it. */
export function newestOwn(
  rows: readonly TimelineRow[],
  seenUpTo: number,
): { key: string; mark: DeliveryMark } | undefined {
  for (let at = rows.length - 1; at >= 0; at -= 1) {
    const row = rows[at];
    if (row?.type !== 'message' || !row.own || row.seq === undefined) continue;
    return { key: row.key, mark: row.seq <= seenUpTo ? 'seen' : 'sent' };
  }
  return undefined;
}

// Heights of a line of text and of what stands around it; see message.module.css.
const LINE_PX = 22;

/** A row's height before it is measured, in pixels: near enough that the scroll bar hardly moves. */
export function estimateHeight(row: TimelineRow | undefined): number {
  if (row?.type !== 'message') return 40;
  let lines = 0;
  for (const line of row.text.split('\n')) lines += Math.max(1, Math.ceil(widthOf(line) / 64));
  return lines * LINE_PX + 18 + (row.first ? 28 : 0) + (row.pending?.status === 'failed' ? 32 : 0);
}

// Columns as in a terminal: a CJK character takes two.
function widthOf(line: string): number {
  let width = 0;
  for (let at = 0; at < line.length; at += 1) width += line.charCodeAt(at) > 0x2e7f ? 2 : 1;
  return width;
}
