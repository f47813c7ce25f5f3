import type { PendingMessage, TimelineItem } from '@parley/client';
import { describe, expect, test } from 'vitest';
import {
  GROUP_MS,
  type RowsInput,
  buildRows,
  firstUnread,
  newestOwn,
} from '../src/features/conversation/timeline-rows.ts';

const NOON = new Date(2026, 10, 24, 12).getTime();
const entry = (seq: number, author: string, at = NOON + seq): TimelineItem => ({
  type: 'entry',
  entry: { kind: 'message', seq, id: `id-${seq}`, author, at, text: `text ${seq}` },
});
const hole = (to: number): TimelineItem => ({ type: 'hole', hole: { from: 2, to } });
const pending = (id: string, writtenAt = NOON): PendingMessage => ({ id, text: id, writtenAt, status: 'queued' });
const build = (input: Partial<RowsInput>) =>
  buildRows({
    items: [],
    pending: [],
    me: 'me',
    hasEarlier: false,
    unreadAfter: undefined,
    seams: new Set(),
    ...input,
  });
const keys = (input: Partial<RowsInput>) => build(input).map((row) => row.key);
const groups = (input: Partial<RowsInput>) =>
  build(input).flatMap((row) =>
    row.type === 'message' ? [`${row.first ? '[' : ''}${row.key}${row.last ? ']' : ''}`] : [],
  );

describe('the rows of a timeline', () => {
  test('one begins to read at the "new" line, and where it is not held at the oldest unread message of others', () => {
    const items = [entry(4, 'me'), entry(5, 'a'), entry(6, 'a')];
    const begin = (hasEarlier: boolean, unreadAfter: number) =>
      firstUnread(build({ items, hasEarlier, unreadAfter }), unreadAfter)?.key;
    expect(begin(false, 4)).toBe('unread');
    expect(begin(true, 5)).toBe('unread');
    expect(firstUnread(build({ items: items.slice(1), hasEarlier: true, unreadAfter: 2 }), 2)?.key).toBe('seq:5');
    expect(begin(true, 6)).toBeUndefined();
  });

  test('an own message keeps its key from the outbox to its place', () => {
    const before = keys({ pending: [pending('id-1')] });
    const after = keys({ items: [entry(1, 'me')] });
    expect(after).toEqual(before);
  });

  test('a message of others has its place as key: an id that somebody else made up cannot collide', () => {
    expect(keys({ items: [entry(1, 'a'), entry(2, 'b')] }).filter((key) => key.startsWith('seq:'))).toEqual([
      'seq:1',
      'seq:2',
    ]);
  });

  test('what waits stands after everything, in the order it was written', () => {
    const rows = keys({ items: [entry(1, 'a', NOON + 10)], pending: [pending('p1', NOON + 5), pending('p2', NOON)] });
    expect(rows.slice(-2)).toEqual(['p1', 'p2']);
  });

  test('a run of one author is one group, until a pause, another author or a hole', () => {
    expect(
      groups({ items: [entry(1, 'a'), entry(2, 'a'), entry(3, 'b'), entry(4, 'b', NOON + GROUP_MS + 10)] }),
    ).toEqual(['[seq:1', 'seq:2]', '[seq:3]', '[seq:4]']);
    expect(groups({ items: [entry(1, 'a'), hole(9), entry(10, 'a')] })).toEqual(['[seq:1]', '[seq:10]']);
  });

  test('a group does not grow over the seam of a page that came later', () => {
    expect(groups({ items: [entry(1, 'a'), entry(2, 'a')], seams: new Set([2]) })).toEqual(['[seq:1]', '[seq:2]']);
  });

  test('each day has its row; the oldest one held only when nothing is before it', () => {
    const items = [entry(1, 'a', NOON - 86_400_000), entry(2, 'a')];
    expect(build({ items }).map((row) => row.type)).toEqual(['day', 'message', 'day', 'message']);
    expect(build({ items, hasEarlier: true }).map((row) => row.type)).toEqual(['message', 'day', 'message']);
  });

  test('the "new" line stands before the first unread message of others', () => {
    const rows = build({ items: [entry(1, 'a'), entry(2, 'me'), entry(3, 'a'), entry(4, 'a')], unreadAfter: 1 });
    expect(rows.map((row) => row.type)).toEqual(['day', 'message', 'message', 'unread', 'message', 'message']);
  });

  test('a hole keeps its key while it is filled from its end', () => {
    expect(keys({ items: [entry(1, 'a'), hole(9)] }).at(-1)).toBe(keys({ items: [entry(1, 'a'), hole(4)] }).at(-1));
  });

  test('keys are unique, also when a clock runs backwards over midnight', () => {
    const day = 86_400_000;
    const all = keys({
      items: [entry(1, 'a', NOON), entry(2, 'b', NOON - day), entry(3, 'a', NOON), entry(4, 'a', NOON - day)],
    });
    expect(new Set(all).size).toBe(all.length);
  });

  test('the newest own message that has its place carries the mark', () => {
    const rows = build({ items: [entry(1, 'me'), entry(2, 'me'), entry(3, 'a')], pending: [pending('p')] });
    expect(newestOwn(rows, 1)).toEqual({ key: 'id-2', mark: 'sent' });
    expect(newestOwn(rows, 2)).toEqual({ key: 'id-2', mark: 'seen' });
    expect(newestOwn([], 2)).toBeUndefined();
  });
});
