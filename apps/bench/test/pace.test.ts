import { expect, test } from 'vitest';
import { nowMs, pace } from '../src/measure/pace.ts';

test('what falls due while the sender is held up is caught up with, and its lateness is told', async () => {
  const due: number[] = [];
  const { sent, latestMs } = await pace({ rate: 1_000, seconds: 0.2 }, (dueMs) => {
    due.push(dueMs);
    if (due.length !== 10) return;
    holdUp(50);
  });
  expect(sent).toBe(due.length);
  expect(sent).toBeGreaterThan(150);
  expect(sent).toBeLessThan(250);
  expect(latestMs).toBeGreaterThan(40);
  expect(due).toEqual(due.toSorted((one, other) => one - other));
});

function holdUp(ms: number): void {
  const untilMs = nowMs() + ms;
  let turns = 0;
  while (nowMs() < untilMs) turns += 1;
}
