import { expect, test } from 'vitest';
import { byOwner, hotSpots } from '../src/measure/profile.ts';
import { concat, summarize } from '../src/measure/statistics.ts';

const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 });

test('percentiles are by nearest rank, whatever the order', () => {
  const samples = Float64Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(summarize(samples)).toEqual({ count: 100, p50: 50, p90: 90, p99: 99, max: 100 });
  expect(summarize(Float64Array.of(7))).toEqual({ count: 1, p50: 7, p90: 7, p99: 7, max: 7 });
  expect(summarize(new Float64Array())).toEqual({ count: 0, p50: 0, p90: 0, p99: 0, max: 0 });
});

test('parts are put together in their order', () => {
  expect([...concat([Float64Array.of(1, 2), new Float64Array(), Float64Array.of(3)])]).toEqual([1, 2, 3]);
});

test('self time is a share of the time that was not idle, over all profiles', () => {
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('one') },
      { id: 3, callFrame: frame('other') },
    ],
    samples: [1, 2, 3, 1],
    timeDeltas: [0, 60, 30, 10, 0],
  };
  const { busy, spots } = hotSpots([profile, profile], 1);
  expect(busy).toBeCloseTo(0.4);
  expect(spots).toEqual([{ name: 'one', share: 0.75 }]);
});

test("the platform's time counts for whoever called it", () => {
  const at = (url: string) => ({ functionName: 'f', url, lineNumber: 0 });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 4] },
      { id: 2, callFrame: at('file:///x/node_modules/.pnpm/kafkajs@2/node_modules/kafkajs/src/a.js'), children: [3] },
      { id: 3, callFrame: at('node:net') },
      { id: 4, callFrame: at('file:///x/apps/relay/src/view/store.ts') },
    ],
    samples: [2, 3, 4],
    timeDeltas: [0, 10, 60, 30],
  };
  expect(byOwner([profile])).toEqual([
    { name: 'kafkajs', share: 0.7 },
    { name: 'apps/relay/src/view', share: 0.3 },
  ]);
});
