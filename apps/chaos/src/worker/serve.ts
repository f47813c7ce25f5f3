/** The child's end: answers the runner's calls, and ends when the runner does. */
import type { Answer, Call, Methods } from './calls.ts';

const reply = (message: Answer): void => void process.send?.(message);

export function serve(methods: Methods): void {
  process.on('message', (call: Call) => void answer(methods, call));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole group; the runner decides when this one ends.
  process.on('SIGINT', () => undefined);
}

async function answer(methods: Methods, { id, method, argument }: Call): Promise<void> {
  try {
    const run = methods[method];
    if (run === undefined) throw new Error(`no method ${method}`);
    reply({ id, value: await run(argument as never) });
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
