import { expect, it } from 'vitest';
import { inTurns, SeededRandom, startWorker } from '../src/index.ts';
import type { EchoWorker } from './echo-worker.ts';

it('a seed determines what is drawn, and a fork draws for itself', () => {
  const draw = (random: SeededRandom): number[] => Array.from({ length: 5 }, () => random.whole(1, 1_000));
  expect(draw(new SeededRandom('1'))).toEqual(draw(new SeededRandom('1')));
  expect(draw(new SeededRandom('1'))).not.toEqual(draw(new SeededRandom('2')));
  const used = new SeededRandom('1');
  draw(used);
  expect(draw(used.fork('part'))).toEqual(draw(new SeededRandom('1').fork('part')));
});

it('does everything once, and never more at a time than allowed', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await inTurns(20, 3, async (at) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done.push(at);
  });
  expect(most).toBe(3);
  expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at));
});

it('a worker answers, tells what went wrong over there, and ends when it is let go', async () => {
  const worker = startWorker<EchoWorker>(new URL('echo-worker.ts', import.meta.url));
  expect(await worker.call('echo', { text: 'hello' })).toEqual({ text: 'hello' });
  await expect(worker.call('fail', 'on purpose')).rejects.toThrow(/echo-worker\.ts: .*on purpose/s);
  await worker.stop();
  expect(() => process.kill(worker.pid, 0)).toThrow(/ESRCH/);
});
