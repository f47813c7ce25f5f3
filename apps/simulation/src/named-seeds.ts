/** Runs that found something, each with what it was: they are run again for ever. */
import type { Plan } from './scenario/plan.ts';

export interface NamedSeed {
  seed: number;
  story: string;
  /** What the seed would not choose by itself. */
  plan?: Partial<Plan>;
}

/** A node alone is cut off for longer than the others' lease on it. */
const CUT_OFF: Partial<Plan> = { faults: ['relayCutFromBrokers'], faultTypicalMs: 15_000, faultEveryMs: 8_000 };

export const NAMED_SEEDS: readonly NamedSeed[] = [
  { seed: 3, story: 'a tab that learnt late who is signed in wrote over a refusal, and the refused message went out' },
  { seed: 163, story: 'what a broken storage would not take waited for ever in the tab without the lock' },
  { seed: 45, story: 'and what was written behind it overtook it' },
  { seed: 166, story: 'a wall clock set back over a reload put new messages before those that waited' },
  { seed: 333, story: 'a tab that was not welcomed yet did not take the refusal that another had stored' },
  { seed: 525, story: 'a node that was behind refused for good what was in the log already' },
  { seed: 424, story: 'and what was written after a joining that it had not applied' },
  { seed: 74, story: 'a refusal that was looked at again asked a view that had been closed, and nobody caught it' },
  { seed: 77, story: 'a node that had just begun to hear showed as offline, without a warning, who was with others' },
  { seed: 30, plan: CUT_OFF, story: 'a node that was cut off kept its sessions until the others gave its users up' },
];
