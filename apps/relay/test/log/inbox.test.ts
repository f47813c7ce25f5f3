import { describe, expect, it } from 'vitest';
import { createInbox, type Inbox } from '../../src/log/kafka/inbox.ts';
import type { LoggedRecord } from '../../src/log/record.ts';
import { quiet } from './drafts.ts';

const record = (offset: number): LoggedRecord => ({ offset, key: 'k', head: '', body: new Uint8Array() });
const records = (from: number, count: number): LoggedRecord[] =>
  Array.from({ length: count }, (_, at) => record(from + at));

function openInbox(from = 0): { inbox: Inbox; gaps: number[]; rewinds: number[] } {
  const gaps: number[] = [];
  const rewinds: number[] = [];
  const inbox = createInbox({
    start: { log: [0, 0], state: [0] },
    onRecords() {},
    onGap: (_topic, partition) => gaps.push(partition),
    onRewind: (_topic, _partition, { offset }) => rewinds.push(offset),
    logger: quiet,
  });
  inbox.open({ log: [from, 0], state: [0] });
  return { inbox, gaps, rewinds };
}

function offsets(inbox: Inbox): number[] {
  const all: number[] = [];
  for (let batch = inbox.next(); batch !== undefined; batch = inbox.next())
    all.push(...batch.records.map(({ offset }) => offset));
  return all;
}

describe('what a consumer brings to the inbox', () => {
  it('is handed over once, whatever comes again', () => {
    const { inbox, rewinds } = openInbox();
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 5), end: 5 });
    inbox.accept({ topic: 'log', partition: 0, records: records(2, 6), end: 8 });
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 3), end: 8 });
    expect(offsets(inbox)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(inbox.position('log', 0)).toBe(8);
    expect(rewinds).toEqual([2, 0]);
  });

  it('is not taken when it leaves records out, until going back shows that there are none', () => {
    const { inbox, gaps } = openInbox();
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 2), end: 2 });
    inbox.accept({ topic: 'log', partition: 0, records: records(7, 2), end: 9 });
    expect(gaps).toEqual([0]);
    expect(inbox.position('log', 0)).toBe(2);
    inbox.accept({ topic: 'log', partition: 0, records: records(2, 7), end: 9 });
    expect(offsets(inbox)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);

    inbox.accept({ topic: 'log', partition: 0, records: [record(20)], end: 21 });
    inbox.accept({ topic: 'log', partition: 0, records: [record(20)], end: 21 });
    expect(offsets(inbox)).toEqual([20]);
  });

  it('may have gaps in the state, which is compacted', () => {
    const { inbox, gaps } = openInbox();
    inbox.accept({ topic: 'state', partition: 0, records: [record(3), record(9)], end: 12 });
    expect(offsets(inbox)).toEqual([3, 9]);
    expect(gaps).toEqual([]);
  });

  it('goes on in pieces that a view can apply, and asks the consumer to wait', async () => {
    const { inbox } = openInbox();
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 2000), end: 2000 });
    expect(inbox.full).toBe(true);
    let room = false;
    const waiting = inbox.room().then(() => (room = true));
    await Promise.resolve();
    expect(room).toBe(false);
    expect(inbox.next()?.records).toHaveLength(250);
    await waiting;
    expect(inbox.full).toBe(false);
    expect(offsets(inbox)).toHaveLength(1750);
  });

  it('before it is open is only the first record of the log', async () => {
    const inbox = createInbox({
      start: { log: [0, 0], state: [0] },
      onRecords() {},
      onGap() {},
      onRewind() {},
      logger: quiet,
    });
    inbox.accept({ topic: 'log', partition: 1, records: records(4, 1), end: 5 });
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 3), end: 3 });
    expect((await inbox.firstRecord).offset).toBe(0);
    expect(inbox.next()).toBeUndefined();
    inbox.open({ log: [0, 0], state: [0] });
    inbox.accept({ topic: 'log', partition: 0, records: records(0, 3), end: 3 });
    expect(offsets(inbox)).toEqual([0, 1, 2]);
  });
});
