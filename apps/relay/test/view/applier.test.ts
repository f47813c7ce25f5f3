import { describe, expect, it } from 'vitest';
import { encodeHead, type LoggedRecord, RECORD_VERSION } from '../../src/log/record.ts';
import { settled } from '../support/fake-clock.ts';
import { DIRECTS, USERS } from './random-log.ts';
import { TestView } from './view.ts';

const [direct = ''] = DIRECTS;
const [ann = '', bob = ''] = USERS;

function record(offset: number, change: { version?: number; body?: string; author?: string } = {}): LoggedRecord {
  const { version = RECORD_VERSION, body = `message ${offset}`, author = ann } = change;
  const id = `0199c1f0-8a01-7d3e-8f4a-${String(offset).padStart(12, '0')}`;
  const head = encodeHead({ version, kind: 'message', id, author, at: offset });
  return { offset, key: direct, head, body: Buffer.from(body) };
}

const many = (count: number, from = 0): LoggedRecord[] => Array.from({ length: count }, (_, at) => record(from + at));

function state(offset: number, key: string, body: string): LoggedRecord {
  return { offset, key, head: '', body: Buffer.from(body) };
}

function hashOf(records: LoggedRecord[]): string | undefined {
  const view = new TestView(1);
  void view.accept(0, records);
  view.run();
  return view.applier.progress[0]?.hash;
}

describe('the applier', () => {
  it('stops at a record of a newer build and says so, with everything before it applied', () => {
    const view = new TestView(1);
    void view.accept(0, [record(0), record(1, { version: RECORD_VERSION + 1 }), record(2)]);
    view.run();
    expect(view.halts).toEqual([
      `upgrade me: record version ${RECORD_VERSION + 1}, this build knows ${RECORD_VERSION}, at offset 1 of partition 0`,
    ]);
    expect(view.store.conversation(direct)?.head).toBe(1);
    void view.accept(0, many(5, 3));
    view.run();
    expect(view.store.conversation(direct)?.head).toBe(1);
    expect(view.applier.progress[0]?.next).toBe(1);
    expect(view.halts).toHaveLength(1);
  });

  it('lets go of a log that waits when it stops', async () => {
    const view = new TestView(1);
    const waiting = view.accept(0, [record(0, { version: RECORD_VERSION + 1 }), ...many(5_000, 1)]);
    expect(waiting).toBeInstanceOf(Promise);
    view.run();
    await waiting;
    expect(view.halts).toHaveLength(1);
  });

  it('buries what is malformed, with its place and reason, and goes on', () => {
    const view = new TestView(1);
    const headless = { ...record(1), head: 'what is this' };
    void view.accept(0, [record(0), headless, record(2, { body: '' }), record(3)]);
    view.run();
    expect(view.buried).toEqual([
      { partition: 0, offset: 1, reason: 'head: version' },
      { partition: 0, offset: 2, reason: 'body of message' },
    ]);
    expect(view.metrics.malformed).toBe(2);
    expect(view.store.conversation(direct)?.head).toBe(2);
    expect(view.applier.lag).toBe(0);
  });

  it('passes over what it has applied, after a log began again', () => {
    const view = new TestView(1);
    void view.accept(0, many(3));
    view.run();
    const { hash } = view.applier.progress[0] ?? {};
    void view.accept(0, many(3));
    view.run();
    expect(view.applier.progress[0]).toMatchObject({ next: 3, hash });
    expect(view.outcomes).toHaveLength(3);
    expect(view.metrics.seen).toBe(3);
  });

  it('shows another hash for another author, text, order or answer', () => {
    const hashes = [
      hashOf([record(0), record(1)]),
      hashOf([record(0), record(1, { author: bob })]),
      hashOf([record(0), record(1, { body: 'other' })]),
      hashOf([record(0), { ...record(2), offset: 1 }]),
      hashOf([record(0), { ...record(0), offset: 1 }]),
    ];
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashOf([record(0), record(1)])).toBe(hashes[0]);
  });

  it('holds the log back while 4,000 records wait, and no longer than until half are done', async () => {
    const view = new TestView(1);
    expect(view.accept(0, many(4_000))).toBeUndefined();
    const waiting = view.accept(0, many(100, 4_000));
    expect(waiting).toBeInstanceOf(Promise);
    let released = false;
    void waiting?.then(() => {
      released = true;
    });
    while (view.applier.lag > 2_000) {
      await settled();
      expect(released).toBe(false);
      view.runOnce();
    }
    await waiting;
    expect(view.applier.lag).toBeGreaterThan(0);
    view.run();
    expect(view.applier.lag).toBe(0);
  });

  it('takes at most 250 records a turn, and fewer when the clock says that it took long', () => {
    const view = new TestView(1);
    void view.accept(0, many(1_000));
    view.runOnce();
    expect(view.store.conversation(direct)?.head).toBe(250);
    view.run();
    const slow = new TestView(2);
    void slow.accept(0, many(100));
    void slow.accept(1, many(100));
    let now = 0;
    slow.clock.monotonicMs = () => (now += 9);
    slow.runOnce();
    expect(slow.applier.lag).toBe(100);
  });

  it('commits after a tenth of a second, and tells who waits for an end', async () => {
    const view = new TestView(1);
    let reached = false;
    void view.applier.reached({ log: [3], state: [0] }).then(() => {
      reached = true;
    });
    void view.accept(0, many(2));
    view.run();
    await Promise.resolve();
    expect(reached).toBe(false);
    void view.accept(0, many(1, 2));
    view.run();
    await Promise.resolve();
    expect(reached).toBe(true);
    expect(view.opened.database.isTransaction).toBe(true);
    view.clock.advance(500);
    expect(view.opened.database.isTransaction).toBe(false);
    expect(view.opened.database.prepare(`SELECT next FROM positions WHERE topic = 'log'`).get()).toEqual({ next: 3 });
  });

  it('on a full disk goes back to its last commit, holds the log back, and goes on as if nothing had been', async () => {
    const body = 'x'.repeat(1_000);
    const log = Array.from({ length: 6_000 }, (_, offset) => record(offset, { body }));
    const view = new TestView(1);
    void view.accept(0, log.slice(0, 100));
    view.run();
    view.clock.advance(500);
    const pages = Number(view.opened.database.prepare('PRAGMA page_count').get()?.['page_count']);
    view.opened.database.exec(`PRAGMA max_page_count = ${pages + 200}`);
    void view.accept(0, log.slice(100, 1_500));
    view.run();
    expect(view.stalls).toEqual(['the view cannot be written: database or disk is full']);
    const told = view.outcomes.length;
    expect(told).toBeGreaterThan(100);
    expect(told).toBeLessThan(1_000);
    // What is read, and reported, is what the file holds.
    expect(view.store.conversation(direct)?.head).toBe(100);
    expect(view.applier.progress[0]?.next).toBe(100);
    const waiting = view.accept(0, log.slice(1_500));
    expect(waiting).toBeInstanceOf(Promise);
    view.clock.advance(60_000);
    view.run();
    expect(view.stalls).toHaveLength(1);
    expect(view.outcomes).toHaveLength(told);

    view.opened.database.exec('PRAGMA max_page_count = 1000000');
    view.clock.advance(16_000);
    view.run();
    await waiting;
    expect(view.stalls.slice(1)).toEqual(['resumed']);
    expect(view.outcomes.map((outcome) => (outcome.type === 'entry' ? outcome.seq : outcome.type))).toEqual(
      Array.from({ length: log.length }, (_, at) => at + 1),
    );
    expect(view.metrics.seen).toBe(log.length);
    expect(view.applier.progress[0]).toMatchObject({ next: log.length, hash: hashOf(log) });
    expect(view.applier.close()).toBe(true);
    expect(view.opened.database.prepare('SELECT count(*) AS count FROM entries').get()).toEqual({ count: log.length });
  });

  it('tells nothing twice, buries nothing twice, when a commit fails and everything is applied anew', () => {
    const view = new TestView(1);
    view.opened.database.exec(`PRAGMA foreign_keys = ON;
      CREATE TABLE parents (id INTEGER PRIMARY KEY);
      CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER fail AFTER UPDATE ON positions BEGIN INSERT INTO children VALUES (1); END`);
    void view.accept(0, [...many(2), record(2, { body: '' }), ...many(1, 3)]);
    view.run();
    expect(view.outcomes).toHaveLength(3);
    // Each try gets as far as the commit and no further.
    for (const ms of [500, 1_000, 500, 2_000, 500]) {
      view.clock.advance(ms);
      view.run();
    }
    const stalled = expect.stringMatching(/^the view cannot be written: FOREIGN KEY/) as string;
    expect(view.stalls).toEqual([stalled, 'resumed', stalled, 'resumed', stalled]);
    view.opened.database.exec('DROP TRIGGER fail');
    view.clock.advance(4_000);
    view.run();
    view.clock.advance(500);
    expect(view.stalls.at(-1)).toBe('resumed');
    expect(view.opened.database.isTransaction).toBe(false);
    expect(view.outcomes).toHaveLength(3);
    expect(view.buried).toHaveLength(1);
    expect(view.metrics).toMatchObject({ seen: 4, malformed: 1 });
    expect(view.opened.database.prepare(`SELECT next FROM positions WHERE topic = 'log'`).get()).toEqual({ next: 4 });
  });

  it('shows nothing of a turn whose file is gone, and says so when it is closed', () => {
    const view = new TestView(1);
    void view.accept(0, many(1));
    view.run();
    view.opened.database.close();
    void view.accept(0, many(1, 1));
    view.run();
    expect(view.stalls).toEqual([expect.stringMatching(/^the view cannot be written: /)]);
    expect(view.outcomes).toHaveLength(1);
    expect(view.applier.close()).toBe(false);
    expect(view.clock.pendingTimers).toBe(0);
  });

  it('merges read positions by maximum, whatever their order, and buries what is none', () => {
    const view = new TestView(1);
    const key = `${ann}|read|${direct}`;
    void view.accept(0, [state(0, key, '5'), state(3, key, '4'), state(4, key, '7'), state(9, key, '7')], 'state');
    view.run();
    expect(view.outcomes).toEqual([
      { type: 'read', conversation: direct, user: ann, seq: 5 },
      { type: 'read', conversation: direct, user: ann, seq: 7 },
    ]);
    expect(view.queries.readUpTo(ann, direct)).toBe(7);
    const bad = [`${ann}|mute|${direct}`, `${ann}|read|${direct}|more`, `nobody|read|${direct}`, `${ann}|read|room`];
    void view.accept(
      0,
      [...bad.map((wrong, at) => state(10 + at, wrong, '1')), state(20, key, '-8'), state(21, key, '9e3')],
      'state',
    );
    view.run();
    expect(view.buried).toHaveLength(6);
    expect(view.queries.readUpTo(ann, direct)).toBe(7);
  });
});
