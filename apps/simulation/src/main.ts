/** `pnpm simulate`: runs seeds and tells what they found. */
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants/mutants.ts';
import { type RunResult, runSeed } from './run.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    mutant: { type: 'string' },
    quiet: { type: 'boolean', default: false },
  },
});
const mutant = values.mutant === undefined ? undefined : MUTANTS.find(({ name }) => name === values.mutant);
if (values.mutant !== undefined && mutant === undefined) {
  console.error(`no such mutant; there are: ${MUTANTS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const isWrong = ({ verdict, bugs }: RunResult): boolean => verdict.violations.length > 0 || bugs.length > 0;

if (values.seed === undefined) await runMany(Number(values.from), Number(values.seeds));
else await runOne(Number(values.seed));

async function runOne(seed: number): Promise<void> {
  const result = await runSeed(seed, { mutant, tell: values.quiet ? undefined : (line) => console.log(line) });
  console.log(JSON.stringify(result.plan));
  explain(result, 20);
  console.log(JSON.stringify(result.verdict.counts), JSON.stringify(result.verdict.figures));
  console.log(summary([result]));
  process.exitCode = isWrong(result) ? 1 : 0;
}

async function runMany(from: number, count: number): Promise<void> {
  const results: RunResult[] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const result = await runSeed(seed, { mutant });
    // Only figures are kept: histories are large.
    results.push({ ...result, history: [] });
    if (!isWrong(result)) continue;
    explain(result, 3);
    if (mutant === undefined) continue;
    console.log(`${mutant.name}: caught by seed ${seed}`);
    return;
  }
  console.log(summary(results));
  process.exitCode = results.some(isWrong) === (mutant === undefined) ? 1 : 0;
}

function explain({ seed, hash, verdict, bugs }: RunResult, most: number): void {
  for (const { check, says, conversation, id, story, at } of verdict.violations.slice(0, most)) {
    console.log(
      `seed ${seed} ${hash} ${check}: ${says} (${[conversation, id, at].filter((part) => part !== undefined).join(' ')})`,
    );
    if (values.seed !== undefined) for (const event of story) console.log(`    ${JSON.stringify(event)}`);
  }
  if (verdict.violations.length > most) console.log(`seed ${seed}: and ${verdict.violations.length - most} more`);
  for (const bug of bugs.slice(0, most)) console.log(`seed ${seed} ${hash} ${bug}`);
}

function summary(results: readonly RunResult[]): string {
  const sum = (of: (result: RunResult) => number): number => results.reduce((total, result) => total + of(result), 0);
  const [virtualMs, cpuMs] = [sum((result) => result.virtualMs), sum((result) => result.cpuMs)];
  const wrong = results.filter(isWrong).map(({ seed }) => seed);
  return [
    `${results.length} seeds, ${wrong.length} with violations${wrong.length > 0 ? `: ${wrong.slice(0, 40).join(' ')}` : ''}`,
    `${sum((result) => result.events)} events, ${sum(({ verdict }) => verdict.counts.acked)} operations acknowledged`,
    `${(virtualMs / 60_000).toFixed(1)} minutes simulated in ${(cpuMs / 60_000).toFixed(1)} of one core: ${(virtualMs / cpuMs).toFixed(0)} a minute`,
    results.length === 1 ? `trace hash ${results[0]?.hash}` : '',
  ].join('\n');
}
