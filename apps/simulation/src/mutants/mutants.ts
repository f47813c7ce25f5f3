import type { Mutant } from '../run.ts';

export const MUTANTS: readonly Mutant[] = [];
