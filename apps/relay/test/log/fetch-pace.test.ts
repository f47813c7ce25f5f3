import { expect, it } from 'vitest';
import { FetchPace } from '../../src/log/kafka/fetch-pace.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** The pause after the last of many fetches that brought one record each. */
async function pauseAt(perSecond: number, gatherMs = 0): Promise<number> {
  const clock = new FakeClock();
  const pace = new FetchPace(clock);
  let pauseMs = 0;
  for (let count = 0; count < perSecond * 3; count += 1) {
    await clock.pass(1_000 / perSecond);
    pauseMs = pace.pauseAfter(1, gatherMs);
  }
  return pauseMs;
}

it('a calm log is fetched without a pause, a busy one with a longer and bounded one', async () => {
  expect(await pauseAt(100)).toBe(0);
  expect(await pauseAt(800)).toBeCloseTo(20, 0);
  expect(await pauseAt(4_000)).toBe(50);
});

it('waits for records to gather where it is asked to and where there are enough', async () => {
  expect(await pauseAt(50, 10)).toBe(0);
  expect(await pauseAt(200, 10)).toBe(10);
  expect(await pauseAt(4_000, 10)).toBe(50);
});
