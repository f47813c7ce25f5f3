import { describe, expect, it } from 'vitest';
import { realWorld, withoutRealWorld } from '../src/world/real-world.ts';
import { SeededRandom } from '@parley/testing';
import { Trace } from '../src/world/trace.ts';
import { VirtualTime } from '../src/world/virtual-time.ts';

const start = (trace = new Trace()): VirtualTime => new VirtualTime(trace, realWorld().setImmediate);

describe('virtual time', () => {
  it('runs events in the order of their time, then of their making', async () => {
    const time = start();
    const ran: string[] = [];
    time.after(5, 'a', () => ran.push('a'));
    time.after(1, 'b', () => {
      ran.push('b');
      time.after(4, 'd', () => ran.push('d'));
    });
    time.after(5, 'c', () => ran.push('c'));
    const cancel = time.after(3, 'never', () => ran.push('never'));
    cancel();
    await time.run(10);
    expect(ran).toEqual(['b', 'a', 'c', 'd']);
    expect(time.now).toBe(10);
  });

  it('lets everything that an event set going through promises come to rest before the next', async () => {
    const time = start();
    let steps = 0;
    const walk = async (): Promise<void> => {
      for (let step = 0; step < 10_000; step += 1) {
        await Promise.resolve();
        // Ticks and microtasks may set each other going.
        if (step % 1_000 === 0) await new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(resolve)));
        steps += 1;
      }
    };
    let seen = 0;
    time.after(1, 'walks', () => void walk());
    time.after(1, 'looks', () => (seen = steps));
    await time.run(2);
    expect(seen).toBe(10_000);
  });

  it('hands on what an event throws', async () => {
    const time = start();
    time.after(1, 'throws', () => {
      throw new Error('a fault');
    });
    await expect(time.run(2)).rejects.toThrow('a fault');
  });

  it('tells equal runs by their hash, and unequal ones', async () => {
    const hashOf = async (second: number): Promise<string> => {
      const trace = new Trace();
      const time = start(trace);
      time.after(1, 'one', () => undefined);
      time.after(second, 'two', () => undefined);
      await time.run(100);
      return trace.hash;
    };
    expect(await hashOf(2)).toBe(await hashOf(2));
    expect(await hashOf(2)).not.toBe(await hashOf(2.5));
  });
});

describe('the real world', () => {
  it('is shut out of a run: whoever reaches for it is found', async () => {
    await withoutRealWorld(async () => {
      for (const reach of [
        () => Date.now(),
        () => performance.now(),
        () => Math.random(),
        () => setTimeout(() => undefined, 1),
        () => setImmediate(() => undefined),
        () => crypto.getRandomValues(new Uint8Array(1)),
      ])
        expect(reach).toThrow('of the real world');
    });
    expect(Date.now()).toBeGreaterThan(0);
  });
});

describe('seeded randomness', () => {
  it('repeats, and a fork depends on its name alone', () => {
    const draw = (random: SeededRandom): number[] => Array.from({ length: 20 }, () => random.float());
    const [one, other] = [new SeededRandom('7'), new SeededRandom('7')];
    const forked = draw(one.fork('part'));
    expect(draw(one)).toEqual(draw(other));
    expect(draw(other.fork('part'))).toEqual(forked);
    expect(draw(other.fork('another'))).not.toEqual(forked);
  });

  it('is uniform', () => {
    const random = new SeededRandom('uniform');
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draws = 0; draws < 100_000; draws += 1) counts[random.whole(0, 9)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
