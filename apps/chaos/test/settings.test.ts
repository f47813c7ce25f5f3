import { expect, it } from 'vitest';
import { ROWS, SKIPPED } from '../src/rows/all.ts';
import { readSettings } from '../src/settings.ts';

it('reads rows and options, and says what is wrong', () => {
  expect(readSettings(['f1', 'F9', '--seed', '7', '--seconds', '20'])).toMatchObject({
    rows: ['F1', 'F9'],
    seed: 7,
    seconds: 20,
  });
  expect(() => readSettings(['--seed', 'x'])).toThrow(/--seed is "x"/);
  expect(() => readSettings(['--sede', '1'])).toThrow(/sede/);
});

it('every row of the table of faults is there once: injected, or with the reason why it is not', () => {
  const ids = [...ROWS, ...SKIPPED].map(({ id }) => Number(id.slice(1))).toSorted((one, other) => one - other);
  expect(ids).toEqual(Array.from({ length: 37 }, (_, at) => at + 1));
});
