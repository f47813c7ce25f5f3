import { describe, expect, it } from 'vitest';
import { createInbox, type Inbox } from '../../src/log/kafka/inbox.ts';
import type { Topic } from '../../src/log/log.ts';
import type { LoggedRecord } from '../../src/log/record.ts';

const record = (offset: number): LoggedRecord => ({ offset, key: 'k', head: '', body: new Uint8Array() });
const records = (from: number, count: number): LoggedRecord[] =>
  Array.from({ length: count }, (_, at) => record(from + at));

function openInbox(from = 0): { inbox: Inbox; rooms: () => number } {
  let rooms = 0;
  const inbox = createInbox({
    from: { log: [from, 0], state: [0] },
    onRecords() {},
    onRoom: () => (rooms += 1),
  });
  return { inbox, rooms: () => rooms };
}

function bring(inbox: Inbox, topic: Topic, found: LoggedRecord[], end: number): void {
  inbox.accept({ topic, partition: 0, records: found, end, next: (found.at(-1)?.offset ?? -1) + 1 });
}

function offsets(inbox: Inbox): number[] {
  const all: number[] = [];
  for (let batch = inbox.next(); batch !== undefined; batch = inbox.next())
    all.push(...batch.records.map(({ offset }) => offset));
  return all;
}

describe('what the fetcher brings to the inbox', () => {
  it('is handed over once, whatever comes again', () => {
    const { inbox } = openInbox();
    bring(inbox, 'log', records(0, 5), 5);
    bring(inbox, 'log', records(2, 6), 8);
    bring(inbox, 'log', records(0, 3), 8);
    expect(offsets(inbox)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(inbox.position('log', 0)).toBe(8);
  });

  it('begins where the view left off', () => {
    const { inbox } = openInbox(3);
    bring(inbox, 'log', records(0, 5), 5);
    expect(offsets(inbox)).toEqual([3, 4]);
  });

  it('may have gaps: what stood there was compacted away, or was no record', () => {
    const { inbox } = openInbox();
    bring(inbox, 'state', [record(3), record(9)], 12);
    inbox.accept({ topic: 'state', partition: 0, records: [], end: 14, next: 14 });
    expect(offsets(inbox)).toEqual([3, 9]);
    expect(inbox.position('state', 0)).toBe(14);
  });

  it('goes on in pieces that a view can apply, and says when there is room again', () => {
    const { inbox, rooms } = openInbox();
    bring(inbox, 'log', records(0, 2000), 2000);
    expect(inbox.full).toBe(true);
    expect(rooms()).toBe(0);
    expect(inbox.next()?.records).toHaveLength(250);
    expect(inbox.full).toBe(false);
    expect(rooms()).toBe(1);
    expect(offsets(inbox)).toHaveLength(1750);
    expect(rooms()).toBe(1);
  });

  it('comes again when the position was moved back', () => {
    const { inbox } = openInbox();
    bring(inbox, 'state', records(0, 3), 3);
    inbox.move('state', 0, 0);
    bring(inbox, 'state', records(0, 2), 2);
    expect(offsets(inbox)).toEqual([0, 1, 2, 0, 1]);
  });
});
