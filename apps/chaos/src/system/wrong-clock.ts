/**
 * Loaded into a relay before its own program (`--import`): its wall clock is wrong by as many milliseconds as the file says that
 * CHAOS_CLOCK names in the folder that the relay runs in. Read at the start, and again with every SIGUSR2.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setWallClockAhead } from './wall-clock.ts';

const file = process.env['CHAOS_CLOCK'];

if (file !== undefined) {
  const read = (): void => {
    if (existsSync(file)) setWallClockAhead(Number(readFileSync(file, 'utf8')));
  };
  read();
  process.on('SIGUSR2', read);
}
