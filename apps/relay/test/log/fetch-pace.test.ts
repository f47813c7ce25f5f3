import { expect, it } from 'vitest';
import { FetchPace } from '../../src/log/kafka/fetch-pace.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** The pause after the last of many fetches that brought one record each. */
async function pauseAt(perSecond: number): Promise<number> {
  const clock = new FakeClock();
  const pace = new FetchPace(clock);
  let pauseMs = 0;
  for (let count = 0; count < perSecond * 3; count += 1) {
    await clock.pass(1_000 / perSecond);
    pauseMs = pace.pauseAfter(1);
  }
  return pauseMs;
}

it('a calm log is fetched without a pause, a busy one with a longer and bounded one', async () => {
  expect(await pauseAt(100)).toBe(0);
  expect(await pauseAt(800)).toBeCloseTo(20, 0);
  expect(await pauseAt(4_000)).toBe(50);
});
