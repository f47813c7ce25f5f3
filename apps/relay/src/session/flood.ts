/** When a peer that is over a limit again and again is no burst any more. */

/** Without a refusal for so long, a run of them is over. */
const CALM_MS = 10_000;
/** A client that waits as it is told is through with whatever it had to say long before. */
const MOST_MS = 60_000;
/** Times the burst. A full outbox for as many conversations is refused eight times the default one before it is through. */
const MOST_BURSTS = 20;

/** Refusals of one peer that follow each other without a calm between them. Plain data, as a bucket is. */
export interface RefusalRun {
  sinceMs: number;
  lastMs: number;
  count: number;
}

export function noRefusals(): RefusalRun {
  return { sinceMs: 0, lastMs: -Infinity, count: 0 };
}

/** Counts one more refusal; true when there were too many, or for too long. */
export function countRefusal(run: RefusalRun, burst: number, nowMs: number): boolean {
  if (nowMs - run.lastMs >= CALM_MS) {
    run.sinceMs = nowMs;
    run.count = 0;
  }
  run.lastMs = nowMs;
  run.count += 1;
  return run.count > MOST_BURSTS * burst || nowMs - run.sinceMs > MOST_MS;
}
