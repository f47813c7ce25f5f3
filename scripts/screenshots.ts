/** `pnpm screenshots`: pictures of the page's main states into `screenshots/`, and the README's one. `--readme`: only that. */
import { run } from './run.ts';

const built = await run('turbo', ['run', 'build', '--filter=@parley/web', '--output-logs=errors-only']);
process.exitCode =
  built === 0
    ? await run('node', ['--conditions=development', 'apps/web/scripts/screenshots.ts', ...process.argv.slice(2)])
    : built;
