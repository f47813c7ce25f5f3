/** `pnpm check`: types, lint (type-aware, cycles, deep imports), format, unused code, file size. */
import { report, runSteps } from './run.ts';

const results = await runSteps([
  { name: 'types', command: 'turbo', args: ['run', 'typecheck', '--output-logs=errors-only'] },
  { name: 'types of scripts', command: 'tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'unused code', command: 'knip', args: ['--no-progress'] },
  { name: 'table of settings', command: 'node', args: ['scripts/config-table.ts', '--check'] },
  { name: 'file size', command: 'node', args: ['scripts/check-file-size.ts'] },
]);
process.exitCode = report(results);
