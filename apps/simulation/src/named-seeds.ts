/** Runs that found something, each with what it was: they are run again for ever. */
import type { Plan } from './scenario/plan.ts';

export interface NamedSeed {
  seed: number;
  story: string;
  /** What the generator chose then and would choose otherwise now. */
  plan?: Partial<Plan>;
}

export const NAMED_SEEDS: readonly NamedSeed[] = [
  { seed: 3, story: 'a tab that learnt late who is signed in wrote over a refusal, and the refused message went out' },
];
