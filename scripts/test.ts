/**
 * `pnpm test`: gets what the tests need, then runs all of them on real parts. `pnpm test NAME …` runs the steps whose names
 * contain one of the words.
 */
import { report, run, runSteps, type Step } from './run.ts';

const pnpm = (filter: string, script: string): Pick<Step, 'command' | 'args'> => ({
  command: 'pnpm',
  args: ['--filter', filter, 'run', script],
});

/** The rest of the table of faults is for `pnpm chaos`. */
const chaosRows = ['F1', 'F4', 'F7', 'F9', 'F15', 'F19', 'F25', 'F27', 'F32'];
const chaosLoad = ['--seconds', '8', '--clients', '150', '--rate', '80'];

const steps: readonly Step[] = [
  { name: 'check', command: 'node', args: ['scripts/check.ts'] },
  { name: 'unit', command: 'turbo', args: ['run', 'test:unit', '--concurrency=1', '--output-logs=new-only'] },
  { name: 'packed packages, used by a stranger', command: 'node', args: ['scripts/stranger-test.ts'] },
  { name: 'simulation, 200 seeds', command: 'pnpm', args: ['simulate', '--seeds', '200'], beside: true },
  { name: 'log suite on Kafka', ...pnpm('@parley/relay', 'test:kafka') },
  { name: 'native cluster', ...pnpm('@parley/infra', 'test:native') },
  { name: 'chat on the cluster', ...pnpm('@parley/relay', 'test:cluster') },
  { name: 'browser', ...pnpm('@parley/web', 'e2e') },
  { name: 'chaos, nine faults', command: 'pnpm', args: ['chaos', ...chaosRows, ...chaosLoad] },
  { name: 'dev loop', command: 'node', args: ['scripts/dev-test.ts'] },
  { name: 'compose', command: 'node', args: ['scripts/compose-test.ts'] },
];

const words = process.argv.slice(2);
const wanted = steps.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
if (wanted.length === 0) {
  console.error(`no such step; there are: ${steps.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}
// Without these nothing else can pass.
for (const [command, ...args] of [
  ['node', 'scripts/setup.ts'],
  ['turbo', 'run', 'build', '--output-logs=errors-only'],
] as const) {
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}
process.exitCode = report(await runSteps(wanted));
