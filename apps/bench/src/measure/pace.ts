import { setTimeout as delay } from 'node:timers/promises';

/** Above this many a second the pacer wakes every few milliseconds instead of for every message. */
const RELAXED_ABOVE = 500;
const RELAXED_TICK_MS = 4;

/** Milliseconds of the machine's monotonic clock: the same in all processes. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/**
 * Calls `send` at the given rate, with gaps that vary by half around their mean so that nothing falls into step. An open
 * loop: what is late is caught up with, however slow the system is.
 * @param send Gets the time at which it was due.
 * @returns How late the latest call was, in milliseconds.
 */
export async function pace(
  { rate, seconds }: { rate: number; seconds: number },
  send: (dueMs: number) => void,
): Promise<{ sent: number; latestMs: number }> {
  const meanMs = 1000 / rate;
  const endMs = nowMs() + seconds * 1000;
  const tickMs = rate > RELAXED_ABOVE ? RELAXED_TICK_MS : 0;
  let dueMs = nowMs() + meanMs * Math.random();
  let sent = 0;
  let latestMs = 0;
  while (dueMs < endMs) {
    const waitMs = dueMs - nowMs();
    if (waitMs > 0) await delay(Math.max(waitMs, tickMs));
    for (let now = nowMs(); dueMs <= now && dueMs < endMs; dueMs += meanMs * (0.5 + Math.random())) {
      latestMs = Math.max(latestMs, now - dueMs);
      send(dueMs);
      sent += 1;
    }
  }
  return { sent, latestMs };
}
