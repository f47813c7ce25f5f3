/**
 * A process of its own beside every cluster. Its standard input is a pipe from the program that started the cluster; when
 * that ends, however it ended, every member still registered is killed and the temporary data removed.
 *
 * One command a line: `watch PID` and `forget PID` (process groups), `remove FOLDER`.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const groups = new Set<number>();
const folders = new Set<string>();

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const space = line.indexOf(' ');
  const argument = line.slice(space + 1);
  switch (line.slice(0, space)) {
    case 'watch':
      groups.add(Number(argument));
      break;
    case 'forget':
      groups.delete(Number(argument));
      break;
    case 'remove':
      folders.add(argument);
      break;
    default:
  }
});
lines.once('close', () => {
  for (const pid of groups) killGroup(pid);
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(0);
});
// Ctrl-C in a terminal and a polite kill are for the program; this process goes after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
