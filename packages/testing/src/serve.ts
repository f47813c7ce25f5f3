/** The child's end of a worker: answers the calls of worker.ts, and ends when its parent does. */
import { Session } from 'node:inspector/promises';
import type { CpuProfile } from './cpu-profile.ts';

/** Functions of one argument; results travel by structured clone. */
export type Methods = Record<string, (argument: never) => unknown>;

export interface Call {
  id: number;
  method: string;
  argument: unknown;
}

export interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** Names that every worker answers to, beside its own methods. */
export const START_PROFILE = '$startProfile';
export const STOP_PROFILE = '$stopProfile';

const inspector = new Session();

const common = new Map<string, () => Promise<unknown>>([
  [
    START_PROFILE,
    async () => {
      inspector.connect();
      await inspector.post('Profiler.enable');
      await inspector.post('Profiler.start');
    },
  ],
  [
    STOP_PROFILE,
    async (): Promise<CpuProfile> => {
      const { profile } = await inspector.post('Profiler.stop');
      inspector.disconnect();
      return profile;
    },
  ],
]);

export function serve(methods: Methods): void {
  process.on('message', (call: Call) => void answer(methods, call));
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C in a terminal reaches the whole group; the parent decides when this one ends.
  process.on('SIGINT', () => undefined);
}

async function answer(methods: Methods, { id, method, argument }: Call): Promise<void> {
  try {
    const run = common.get(method) ?? methods[method];
    if (run === undefined) throw new Error(`no method ${method}`);
    const value = await run(argument as never);
    reply({ id, value });
  } catch (error) {
    reply({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function reply(message: Answer): void {
  process.send?.(message);
}
