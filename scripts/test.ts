/** `pnpm test`: gets what the tests need, then runs all of them on real parts. */
import { report, runSteps } from './run.ts';

const results = await runSteps([
  { name: 'check', command: 'node', args: ['scripts/check.ts'] },
  { name: 'unit tests', command: 'turbo', args: ['run', 'test:unit', '--output-logs=new-only'] },
]);
process.exitCode = report(results);
