/** `pnpm start`: builds what changed and runs the chat in one process, on http://localhost:8080 unless PORT says otherwise. */
import { run } from './run.ts';

const built = await run('turbo', ['run', 'build', '--output-logs=errors-only']);
if (built !== 0) process.exit(built);
await import('../apps/relay/src/main.ts');
