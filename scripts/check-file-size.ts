/** No source file over 400 lines: a file that long has two jobs. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const MOST_LINES = 400;
const files = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.css'],
  { encoding: 'utf8' },
);
const long = files
  .split('\n')
  .filter((file) => file !== '' && existsSync(file))
  .map((file) => ({ file, lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
  .filter(({ lines }) => lines > MOST_LINES);
for (const { file, lines } of long) console.error(`${file}: ${lines} lines, at most ${MOST_LINES}`);
process.exitCode = long.length === 0 ? 0 : 1;
