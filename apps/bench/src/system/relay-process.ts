/**
 * A relay with what a measurement needs of it, and nothing else changed: an admin port of its own, and on request a CPU
 * profile or the garbage collection of memory pressure. The relay itself is the product's, loaded as it is.
 *
 * SIGUSR2 begins a profile and, the next time, ends it and writes it to RELAY_PROFILES. SIGWINCH collects garbage as under
 * memory pressure, which also gives back the room that a burst left.
 */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const node = process.env['NODE_ID'] ?? 'relay';

// One environment for all relays comes in: `relay-1=4001,relay-2=4002`.
const adminPort = new Map(
  (process.env['RELAY_ADMIN_PORTS'] ?? '').split(',').map((pair) => pair.split('=') as [string, string]),
).get(node);
if (adminPort !== undefined) process.env['ADMIN_PORT'] = adminPort;

let session: Session | undefined;
process.on('SIGUSR2', () => void toggleProfile());
process.on('SIGWINCH', collectGarbage);
// Started by `fork`: it must not outlive whoever started it.
if (process.channel !== undefined) {
  process.on('disconnect', () => process.exit(0));
  process.channel?.unref();
}

await import(new URL('../../../relay/src/main.ts', import.meta.url).href);

async function toggleProfile(): Promise<void> {
  if (session === undefined) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  session = undefined;
  writeFileSync(`${process.env['RELAY_PROFILES'] ?? '.'}/${node}.cpuprofile`, JSON.stringify(profile));
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
