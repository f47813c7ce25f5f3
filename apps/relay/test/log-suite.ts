/** What every log promises (src/log/log.ts). Both implementations run it: test/log-embedded.test.ts, test/kafka. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GENESIS_KEY } from '../src/log/genesis.ts';
import { RECORD_MAX_BYTES } from '../src/log/limits.ts';
import { type Log, type LogPositions, LogUnavailableError } from '../src/log/log.ts';
import { message, newRoom, numbered } from './log/drafts.ts';
import { Reader, textOf } from './log/reader.ts';

/** One log that nodes come to and leave. */
export interface LogWorld {
  /** A log handle that was not started yet. */
  node(name: string): Log;
  /** What lies in the dead letters. Called while no node runs. */
  deadLetters(): Promise<{ partition: number; offset: number; body: string; reason: string }[]>;
  close(): Promise<void>;
}

export interface LogSuiteOptions {
  /** Whether several nodes can read one log. */
  shared: boolean;
  /** How long a test may take. */
  timeoutMs: number;
}

export function describeLog(name: string, createWorld: () => Promise<LogWorld>, options: LogSuiteOptions): void {
  describe(`${name} log`, { timeout: options.timeoutMs }, () => {
    let world: LogWorld;
    let running: Log[] = [];
    let readers: Reader[] = [];

    beforeEach(async () => {
      world = await createWorld();
    });

    afterEach(async () => {
      await stopAll();
      await world.close();
      expect(readers.flatMap(({ faults }) => faults)).toEqual([]);
      readers = [];
    });

    async function begin(node = 'a', from?: LogPositions): Promise<{ log: Log; reader: Reader; ends: LogPositions }> {
      const log = world.node(node);
      const reader = new Reader(from);
      readers.push(reader);
      running.push(log);
      const { ends } = await log.start(reader);
      return { log, reader, ends };
    }

    async function stopAll(): Promise<void> {
      await Promise.all(running.map((log) => log.stop()));
      running = [];
    }

    it('hands out what was appended, in order, with key, head and body as they were', async () => {
      const { log, reader } = await begin();
      const room = newRoom();
      const draft = message(room, 'häi 你好');
      await log.append(draft);
      await log.append(message(room, 'second'));
      await reader.until(() => reader.records.length === 2);
      expect(reader.texts()).toEqual(['häi 你好', 'second']);
      expect(reader.records[0]).toMatchObject({ key: room });
      expect(reader.records[0]?.head).toBe(
        `${draft.head.version} message ${draft.head.id} ${draft.head.author} ${draft.head.at}`,
      );
    });

    it('keeps the order of appends with one key that were made without waiting', async () => {
      const { log, reader } = await begin();
      const rooms = [newRoom(), newRoom(), newRoom(), newRoom()];
      const texts = numbered(500);
      await Promise.all(texts.flatMap((text) => rooms.map((room) => log.append(message(room, text)))));
      await reader.until(() => reader.records.length === 2000);
      for (const room of rooms) expect(reader.texts(room)).toEqual(texts);
    });

    it('keeps everything that was acknowledged over a restart, and its epoch', async () => {
      const first = await begin();
      const room = newRoom();
      await Promise.all(numbered(40).map((text) => first.log.append(message(room, text))));
      await first.log.putState('u|read|r', Buffer.from('7'));
      await stopAll();

      const second = await begin();
      await second.reader.reached(second.ends);
      expect(second.reader.epoch).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      expect(second.reader.epoch).toBe(first.reader.epoch);
      expect(second.reader.texts()).toEqual(numbered(40));
      expect(second.reader.state).toEqual(new Map([['u|read|r', '7']]));
    });

    it('goes on from the positions given: every record once over restarts', async () => {
      const rooms = [newRoom(), newRoom(), newRoom()];
      const seen = new Map<string, string[]>(rooms.map((room) => [room, []]));
      let positions: LogPositions | undefined;
      for (const round of [0, 1, 2]) {
        const { log, reader, ends } = await begin('a', positions);
        await reader.reached(ends);
        await Promise.all(
          numbered(30, `${round}-`).flatMap((text) => rooms.map((room) => log.append(message(room, text)))),
        );
        // Leaves somewhere in the middle: the rest comes in the next round.
        await reader.until(() => reader.records.length > 20);
        await stopAll();
        positions = structuredClone(reader.positions);
        for (const room of rooms) seen.get(room)?.push(...reader.texts(room));
      }
      const last = await begin('a', positions);
      await last.reader.reached(last.ends);
      for (const room of rooms)
        expect([...(seen.get(room) ?? []), ...last.reader.texts(room)]).toEqual(
          [0, 1, 2].flatMap((round) => numbered(30, `${round}-`)),
        );
    });

    it('tells the ends: everything acknowledged lies before them, nothing else', async () => {
      const { log, reader, ends } = await begin();
      await reader.reached(ends);
      await Promise.all(numbered(25).map((text) => log.append(message(newRoom(), text))));
      const after = await log.ends();
      expect(recordsBefore(after) - recordsBefore(ends)).toBe(25);
      await reader.reached(after);
      expect(reader.records).toHaveLength(25);
    });

    it('keeps the newest value of each key of the state, also for a node that starts later', async () => {
      const { log, reader } = await begin();
      for (const value of numbered(20)) {
        await log.putState('u1|read|r', Buffer.from(value));
        await log.putState('u2|read|r', Buffer.from(`x${value}`));
      }
      await reader.until(() => reader.state.get('u2|read|r') === 'x19' && reader.state.get('u1|read|r') === '19');
      await stopAll();
      const later = await begin();
      await later.reader.reached(later.ends);
      expect(later.reader.state).toEqual(
        new Map([
          ['u1|read|r', '19'],
          ['u2|read|r', 'x19'],
        ]),
      );
    });

    it('waits for the handler before it hands out more', async () => {
      const { log, reader } = await begin();
      const room = newRoom();
      const gate = Promise.withResolvers<void>();
      let batches = 0;
      reader.onRecords = ({ topic, records }) => {
        if (topic !== 'log' || records[0]?.key === GENESIS_KEY) return undefined;
        batches += 1;
        return gate.promise;
      };
      await log.append(message(room, 'first'));
      await Promise.all(numbered(1500).map((text) => log.append(message(room, text))));
      await reader.until(() => batches === 1 || reader.records.length > 0);
      await log.ends();
      expect(batches).toBe(1);
      gate.resolve();
      await reader.until(() => reader.records.length === 1501);
      expect(reader.texts()).toEqual(['first', ...numbered(1500)]);
    });

    it('carries signals to every node there is, its own included, and never again', async () => {
      const nodes = await Promise.all((options.shared ? ['a', 'b', 'c'] : ['a']).map((node) => begin(node)));
      for (const [at, { log }] of nodes.entries())
        log.publish({ kind: 'typing', key: `k${at}`, body: Buffer.from('now') });
      for (const { reader } of nodes) {
        await reader.until(() => reader.signals.length >= nodes.length);
        expect(reader.signals.map(({ key }) => key).toSorted()).toEqual(nodes.map((_, at) => `k${at}`));
        expect(reader.signals.map(({ kind, body }) => `${kind} ${textOf(body)}`)).toEqual(
          nodes.map(() => 'typing now'),
        );
      }
      await stopAll();
      const { log, reader } = await begin('a');
      log.publish({ kind: 'presence', key: 'last', body: Buffer.from('') });
      await reader.until(() => reader.signals.length > 0);
      expect(reader.signals.map(({ key }) => key)).toEqual(['last']);
    });

    it('hands a record to its handlers before, at or after the append resolves, but always', async () => {
      const { log, reader } = await begin();
      for (const text of numbered(20)) {
        await log.append(message(newRoom(), text));
        await reader.until(() => reader.texts().includes(text));
      }
      expect(reader.records).toHaveLength(20);
    });

    it('puts what could not be applied into the dead letters', async () => {
      const { log, reader } = await begin();
      await log.append(message(newRoom(), 'poison'));
      await reader.until(() => reader.records.length === 1);
      const [record] = reader.records;
      if (record === undefined) throw new Error('no record');
      log.bury(record.partition, record, 'head: kind');
      await stopAll();
      expect(await world.deadLetters()).toEqual([
        { partition: record.partition, offset: record.offset, body: 'poison', reason: 'head: kind' },
      ]);
    });

    it('refuses a record that is too large, and takes the largest', async () => {
      const { log, reader } = await begin();
      const largest = message(newRoom(), '');
      const room = RECORD_MAX_BYTES - Buffer.byteLength(largest.key) - 200;
      await expect(log.append({ ...largest, body: Buffer.alloc(RECORD_MAX_BYTES, 'x') })).rejects.toThrow(RangeError);
      await log.append({ ...largest, body: Buffer.alloc(room, 'x') });
      await reader.until(() => reader.records.length === 1);
      expect(reader.records[0]?.body).toHaveLength(room);
    });

    it('refuses to go on where records were lost', async () => {
      const { reader, log } = await begin();
      await log.append(message(newRoom(), 'one'));
      const ends = await log.ends();
      await reader.reached(ends);
      await stopAll();
      const beyond = { ...ends, log: ends.log.map((end) => end + 5) };
      await expect(world.node('a').start(new Reader(beyond))).rejects.toThrow(/the log lost records: partition 0/);
    });

    it('stops: what was appended before is written, no handler is called any more, appends are refused', async () => {
      const { log, reader } = await begin();
      const room = newRoom();
      const written = Promise.all(numbered(100).map((text) => log.append(message(room, text))));
      await log.stop();
      await written;
      const before = reader.records.length;
      await expect(log.append(message(room, 'late'))).rejects.toThrow(LogUnavailableError);
      await expect(log.ends()).rejects.toThrow(LogUnavailableError);
      log.publish({ kind: 'typing', key: 'late', body: Buffer.from('') });
      await log.stop();

      const next = await begin();
      await next.reader.reached(next.ends);
      expect(next.reader.texts(room)).toEqual(numbered(100));
      expect(reader.records).toHaveLength(before);
      expect(reader.signals).toEqual([]);
    });

    if (!options.shared) return;

    it('gives every node everything, in one order a partition, with one epoch also when all start at once', async () => {
      const nodes = await Promise.all(['a', 'b', 'c'].map((node) => begin(node)));
      const rooms = Array.from({ length: 8 }, newRoom);
      await Promise.all(
        nodes.flatMap(({ log }, at) =>
          numbered(100, `${at}-`).map((text) => log.append(message(rooms[Number(text.slice(2)) % 8] ?? '', text))),
        ),
      );
      for (const { reader } of nodes) await reader.until(() => reader.records.length === 300);
      const [first, ...others] = nodes.map(({ reader }) => reader);
      expect(new Set(first?.texts()).size).toBe(300);
      for (const other of others) {
        expect(other.epoch).toBe(first?.epoch);
        for (const room of rooms) expect(other.texts(room)).toEqual(first?.texts(room));
      }
    });
  });
}

function recordsBefore(ends: LogPositions): number {
  return ends.log.reduce((sum, end) => sum + end, 0);
}
