import { describe, expect, it } from 'vitest';
import { MUTANTS } from '../src/mutants/mutants.ts';
import { NAMED_SEEDS } from '../src/named-seeds.ts';
import { type RunResult, runSeed } from '../src/run.ts';

/** Beside them a run of hundreds is a step of its own. */
const SEEDS = Array.from({ length: 16 }, (_, at) => at + 1);
/** Every mutant shows within so many. */
const MOST_SEEDS = 40;

function found({ verdict, bugs }: RunResult): string[] {
  return [...verdict.violations.map(({ check, says }) => `${check}: ${says}`), ...bugs];
}

describe('a run', () => {
  it('is repeated exactly by its seed', async () => {
    const [one, again] = [await runSeed(7), await runSeed(7)];
    expect(again.hash).toBe(one.hash);
    expect(again.events).toBe(one.events);
    expect(again.history).toEqual(one.history);
    expect((await runSeed(8)).hash).not.toBe(one.hash);
  });

  it.each(SEEDS)('loses, doubles and disorders nothing, and shows nobody falsely (seed %i)', async (seed) => {
    const result = await runSeed(seed);
    expect(found(result)).toEqual([]);
    expect(result.verdict.counts.acked).toBeGreaterThan(0);
  });

  it.each(NAMED_SEEDS)('does not show again: $story', async ({ seed, plan }) => {
    expect(found(await runSeed(seed, plan === undefined ? {} : { plan }))).toEqual([]);
  });
});

describe('a mutant of the product', () => {
  it.each(MUTANTS)('is caught: $name', async (mutant) => {
    for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
      const result = await runSeed(seed, { mutant, ...(mutant.soonWith !== undefined && { plan: mutant.soonWith }) });
      if (found(result).length > 0) return;
    }
    expect.fail(`${mutant.name} was not caught within ${MOST_SEEDS} seeds`);
  });
});
