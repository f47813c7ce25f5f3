import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlushScheduler } from '../../src/session/flush-scheduler.ts';
import { EPHEMERAL_MAX_BUFFERED_BYTES, MAX_BUFFERED_BYTES, Outbound, STUCK_MS } from '../../src/session/outbound.ts';
import {
  encodeControl,
  encodeDurable,
  encodeEphemeral,
  type OutgoingFrame,
  textFrame,
} from '../../src/session/outgoing-frame.ts';
import { FakeClock, seededRandom, settled } from '../support/fake-clock.ts';
import { FakeSocket } from '../support/fake-socket.ts';
import { quiet } from '../support/quiet.ts';

class World {
  readonly clock = new FakeClock();
  writes = 0;
  readonly scheduler = new FlushScheduler(
    { clock: this.clock, random: seededRandom(1), logger: quiet, soon: (callback) => void setImmediate(callback) },
    (count) => (this.writes += count),
  );

  open(): { socket: FakeSocket; outbound: Outbound; cuts: number[]; drops: number[] } {
    const socket = new FakeSocket();
    const cuts: number[] = [];
    const drops: number[] = [];
    const events = {
      onCut: () => void cuts.push(this.clock.monotonicMs()),
      onDropped: () => void drops.push(this.clock.monotonicMs()),
    };
    return { socket, outbound: new Outbound(socket, this.scheduler, events), cuts, drops };
  }
}

const pong = (n: number): OutgoingFrame => encodeControl({ type: 'pong', n });
const USER = 'u_AAAAAAAAAAAAAAAAAAAAAA';
const ROOM = 'r_AAAAAAAAAAAAAAAAAAAAAA';
const read = (seq: number, key: string): OutgoingFrame =>
  encodeEphemeral({ type: 'readPosition', conversation: ROOM, user: USER, seq }, key);
const large = (bytes: number): OutgoingFrame => ({ class: 'durable', bytes: textFrame('x'.repeat(bytes)) });

describe('the outbound queue', () => {
  it('writes what one turn pushed at once, in its order', async () => {
    const { socket, outbound } = new World().open();
    for (let n = 1; n <= 3; n += 1) outbound.push(pong(n));
    expect(socket.writes).toEqual([]);
    await settled();
    expect(socket.writes).toHaveLength(1);
    expect(socket.frames).toEqual([1, 2, 3].map((n) => ({ type: 'pong', n })));
    outbound.push(pong(4));
    await settled();
    expect(socket.writes).toHaveLength(2);
  });

  it('gives every socket exactly its own frames, and equal ones their bytes once', async () => {
    const push = fc.record({ frame: fc.nat({ max: 5 }), to: fc.subarray([0, 1, 2, 3], { minLength: 1 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(push, { maxLength: 6 }), { maxLength: 5 }), async (turns) => {
        const world = new World();
        const peers = [0, 1, 2, 3].map(() => world.open());
        const wanted: Buffer[][] = peers.map(() => []);
        const frames = Array.from({ length: 6 }, (_, n) => encodeDurable({ type: 'pong', n }));
        for (const turn of turns) {
          for (const { frame, to } of turn) {
            const one = frames[frame];
            for (const at of to) {
              if (one === undefined) continue;
              peers[at]?.outbound.push(one);
              wanted[at]?.push(one.bytes);
            }
          }
          await settled();
        }
        for (const [at, { socket }] of peers.entries()) expect(socket.bytes).toEqual(Buffer.concat(wanted[at] ?? []));
      }),
      { numRuns: 100 },
    );
  });

  it('replaces what is true for a moment by what is true now, after everything that lasts', async () => {
    const { socket, outbound } = new World().open();
    outbound.push(read(1, 'a'));
    outbound.push(pong(1));
    outbound.push(read(2, 'b'));
    outbound.push(read(3, 'a'));
    await settled();
    expect(socket.frames.map((frame) => (frame.type === 'readPosition' ? frame.seq : frame.type))).toEqual([
      'pong',
      3,
      2,
    ]);
  });

  it('holds no more than a reader is cut for, however much one turn brings', () => {
    const { socket, outbound, cuts } = new World().open();
    socket.reads = false;
    for (let n = 0; n < 100; n += 1) outbound.push(large(MAX_BUFFERED_BYTES / 4));
    expect(cuts).toHaveLength(1);
    expect(socket.bytes.length).toBeLessThan(2 * MAX_BUFFERED_BYTES);
  });

  it('drops what is true for a moment first, and says so', async () => {
    const { socket, outbound, drops, cuts } = new World().open();
    socket.reads = false;
    outbound.push(large(EPHEMERAL_MAX_BUFFERED_BYTES));
    await settled();
    outbound.push(read(1, 'a'));
    outbound.push(pong(1));
    await settled();
    expect(socket.bytes.includes('readPosition')).toBe(false);
    expect(socket.bytes.includes('pong')).toBe(true);
    expect([drops.length, cuts.length]).toEqual([1, 0]);
    socket.take();
    outbound.push(read(2, 'a'));
    await settled();
    expect(socket.bytes.includes('readPosition')).toBe(true);
    expect(drops).toHaveLength(1);
  });

  it('cuts a reader with more than a mebibyte before it, and writes no more', async () => {
    const { socket, outbound, cuts } = new World().open();
    socket.reads = false;
    outbound.push(large(MAX_BUFFERED_BYTES - 100));
    await settled();
    expect(socket.terminated).toBe(false);
    outbound.push(large(100));
    await settled();
    expect([socket.terminated, cuts.length]).toEqual([true, 1]);
    const { length } = socket.writes;
    outbound.push(pong(1));
    await settled();
    expect(socket.writes).toHaveLength(length);
    expect(cuts).toHaveLength(1);
  });

  it('cuts a reader that took nothing for ten seconds, though nothing more is pushed', async () => {
    const world = new World();
    const { socket, outbound, cuts } = world.open();
    await world.clock.pass(60_000);
    socket.reads = false;
    const startedMs = world.clock.monotonicMs();
    outbound.push(pong(1));
    await world.clock.pass(STUCK_MS);
    expect(cuts).toEqual([]);
    await world.clock.pass(2_000);
    expect(cuts).toHaveLength(1);
    expect((cuts[0] ?? 0) - startedMs).toBeLessThanOrEqual(STUCK_MS + 1_000);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('keeps a reader that takes some, however much comes meanwhile', async () => {
    const world = new World();
    const { socket, outbound, cuts } = world.open();
    socket.reads = false;
    for (let second = 0; second < 60; second += 1) {
      outbound.push(large(6_000));
      await world.clock.pass(1_000);
      socket.take(1_000);
    }
    expect(socket.bufferedBytes).toBeGreaterThan(250_000);
    expect(cuts).toEqual([]);
    for (let second = 0; second < 12; second += 1) {
      outbound.push(large(6_000));
      await world.clock.pass(1_000);
    }
    expect(cuts).toHaveLength(1);
  });

  it('slows nobody else down', async () => {
    const world = new World();
    const stuck = world.open();
    const other = world.open();
    stuck.socket.reads = false;
    for (let round = 0; round < 20; round += 1) {
      const frame = large(100_000);
      stuck.outbound.push(frame);
      other.outbound.push(frame);
      await settled();
    }
    expect(stuck.socket.terminated).toBe(true);
    expect(other.socket.bytes.length).toBe(20 * large(100_000).bytes.length);
  });

  it('sends what waits before it closes, and nothing after', async () => {
    const { socket, outbound } = new World().open();
    outbound.push(pong(1));
    outbound.close(1012, 'draining');
    outbound.push(pong(2));
    await settled();
    expect(socket.frames).toEqual([{ type: 'pong', n: 1 }]);
    expect(socket.closedWith).toBe(1012);
  });
});

describe('the flush scheduler', () => {
  it('asks for records to gather while many frames are written, and only then', async () => {
    const world = new World();
    const peers = Array.from({ length: 100 }, () => world.open());
    const push = async (perSecond: number): Promise<void> => {
      for (let n = 0; n < perSecond; n += 1) {
        world.clock.advance(1_000 / perSecond);
        for (const { outbound } of peers) outbound.push(pong(n));
        await settled();
      }
    };
    expect(world.scheduler.gatherMs()).toBe(0);
    await push(20);
    expect(world.scheduler.gatherMs()).toBe(0);
    await push(100);
    expect(world.scheduler.gatherMs()).toBe(10);
    // Written all the same as soon as they are there.
    expect(world.writes).toBe(120 * 100);
    world.clock.advance(1_000);
    expect(world.scheduler.gatherMs()).toBe(0);
  });
});
