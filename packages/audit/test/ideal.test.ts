import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkHistory, decodeEvents, encodeEvent } from '../src/index.ts';
import { BOUNDS, idealRun } from './support/ideal-run.ts';

/** On a machine that is busy with other suites. */
const PATIENCE_MS = 60_000;

test(
  'a run that does everything right has no violation, whatever the seed',
  () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 2, max: 7 }), (seed, users) => {
        const { violations, counts } = checkHistory(idealRun({ seed, users, steps: 150 }), BOUNDS);
        expect(violations).toEqual([]);
        expect(counts.acked).toBeGreaterThan(20);
      }),
      { numRuns: 60 },
    );
  },
  PATIENCE_MS,
);

test('lines read again are the events that were written, without one that was cut off', () => {
  const events = idealRun({ seed: 7, users: 4, steps: 100 });
  const text = events.map(encodeEvent).join('');
  expect(decodeEvents(text)).toEqual(events);
  expect(decodeEvents(text.slice(0, -5))).toEqual(events.slice(0, -1));
  expect(() => decodeEvents('{"type":"opened"}\n')).toThrow(/line 1 is no event/);
});
