/** What bench, chaos and simulation share: processes that answer calls, cheap sockets, repeatable randomness. */
export type { CpuProfile } from './cpu-profile.ts';
export { inTurns } from './in-turns.ts';
export { openWs } from './open-ws.ts';
export { SeededRandom } from './seeded-random.ts';
export { serve } from './serve.ts';
export { startWorker, type Worker } from './worker.ts';
