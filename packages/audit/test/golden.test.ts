import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AuditEvent, CHECK_NAMES, checkHistory, decodeEvents } from '../src/index.ts';
import { BOUNDS, idealRun } from './support/ideal-run.ts';
import { Draft, type Spoil } from './support/spoil.ts';
import { SPOILS } from './support/spoils.ts';

/** On a machine that is busy with other suites. */
const PATIENCE_MS = 60_000;

/** A run of an ideal cluster as `idealRun` once wrote it: the format of histories is held by this file. */
const golden = decodeEvents(readFileSync(new URL('golden/correct.jsonl', import.meta.url), 'utf8'));

test('the golden history is rich, and right', () => {
  const { violations, counts, figures } = checkHistory(golden, BOUNDS);
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({
    lost: 0,
    ghosts: 0,
    doubled: 0,
    disordered: 0,
    unseen: 0,
    leaked: 0,
    differing: 0,
    other: 0,
  });
  expect(counts.acked).toBeGreaterThan(100);
  expect(counts.refused).toBeGreaterThan(0);
  expect(figures.closes).toHaveProperty('1006');
  expect(Object.keys(figures.refusals)).toEqual(['not_a_member']);
  expect(figures.drainMs).toBe(0);
  expect(figures.ackMs?.p50).toBeGreaterThan(0);
  const kinds = new Set(golden.map(({ type }) => type));
  expect([...kinds].toSorted()).toEqual([
    'caughtUp',
    'claimed',
    'client',
    'closed',
    'fail',
    'gone',
    'hello',
    'hole',
    'info',
    'invoke',
    'nemesis',
    'ok',
    'opened',
    'phase',
    'position',
    'presence',
    'received',
    'record',
    'screen',
    'view',
    'watch',
    'welcome',
  ]);
});

test('every check has a fault that only it finds', () => {
  const covered = new Set(SPOILS.map(({ check }) => check));
  expect(CHECK_NAMES.filter((check) => !covered.has(check))).toEqual([]);
});

test.each(SPOILS)('golden: $check finds, alone and once, that $what', (spoil) => {
  const { violations } = checkHistory(spoilSomewhere(golden, spoil), BOUNDS);
  expect(violations.map(({ check, says }) => ({ check, says }))).toEqual([
    { check: spoil.check, says: expect.any(String) },
  ]);
  expect(violations[0]?.story.length).toBeGreaterThan(0);
});

test(
  'a fault in any run is found',
  () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.constantFrom(...SPOILS), (seed, spoil) => {
        const spoilt = spoil.apply(new Draft(idealRun({ seed, users: 4, steps: 200 }), seed));
        fc.pre(spoilt !== undefined);
        const found = checkHistory(spoilt, { ...BOUNDS, storiesPerCheck: 0 }).violations.map(({ check }) => check);
        expect(new Set(found)).toEqual(new Set([spoil.check]));
      }),
      { numRuns: 150 },
    );
  },
  PATIENCE_MS,
);

function spoilSomewhere(events: readonly AuditEvent[], spoil: Spoil): AuditEvent[] {
  const spoilt = spoil.apply(new Draft(events, 1));
  if (spoilt === undefined) throw new Error(`the golden history has no place for: ${spoil.what}`);
  return spoilt;
}
