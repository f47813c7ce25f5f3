import type { Logger } from '@parley/relay/logger';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

/** The relay's own words, in the trace where somebody reads it. */
export function logger(world: World, process: SimProcess, onError: (text: string) => void = () => {}): Logger {
  const write =
    (level: string) =>
    (fields: object, message: string): void => {
      if (!process.isAlive) return;
      if (level === 'error') onError(`${process.name}: ${message} ${describe(fields)}`);
      if (world.trace.isTold) world.note(`${process.name} ${level}: ${message} ${describe(fields)}`);
    };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function describe(fields: object): string {
  return JSON.stringify(fields, (_, value: unknown) =>
    value instanceof Error ? `${value.name}: ${value.message}` : value,
  );
}
