import { PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '@parley/protocol';

/** Silences of PONG_TIMEOUT_MS in a row that mean a dead link; one is enough when somebody asked for the link's health. */
const MOST_MISSES = 2;

/** What one link's heartbeat remembers. Times are monotonic milliseconds. */
export interface Heartbeat {
  readonly pingedAt: number;
  readonly awaiting: boolean;
  readonly misses: number;
  /** A single silence is enough. */
  readonly urgent: boolean;
}

export interface Beat {
  readonly heartbeat: Heartbeat;
  readonly action: 'none' | 'ping' | 'dead';
  /** When to ask again. */
  readonly wakeAt: number;
}

/** The first beat, right after opening: it proves the path in both directions. */
export function firstBeat(nowMs: number): Beat {
  return ping({ misses: 0, urgent: false }, nowMs);
}

/** Pings at once; one silence then means dead. */
export function urgentBeat(nowMs: number): Beat {
  return ping({ misses: 0, urgent: true }, nowMs);
}

/**
 * What to do now. `heardAt` is when the link last brought anything: any frame proves life, not only a pong, so that a busy
 * link is never taken for dead because the pong stands in a queue.
 */
export function nextBeat(heartbeat: Heartbeat, heardAt: number, nowMs: number): Beat {
  if (!heartbeat.awaiting || heardAt >= heartbeat.pingedAt) {
    if (nowMs - heartbeat.pingedAt >= PING_INTERVAL_MS) return ping({ misses: 0, urgent: false }, nowMs);
    const calm = { ...heartbeat, awaiting: false, misses: 0, urgent: false };
    return { heartbeat: calm, action: 'none', wakeAt: heartbeat.pingedAt + PING_INTERVAL_MS };
  }
  if (nowMs - heartbeat.pingedAt < PONG_TIMEOUT_MS) {
    return { heartbeat, action: 'none', wakeAt: heartbeat.pingedAt + PONG_TIMEOUT_MS };
  }
  const misses = heartbeat.misses + 1;
  if (heartbeat.urgent || misses >= MOST_MISSES) {
    return { heartbeat: { ...heartbeat, misses }, action: 'dead', wakeAt: nowMs };
  }
  return ping({ misses, urgent: false }, nowMs);
}

function ping(kept: Pick<Heartbeat, 'misses' | 'urgent'>, nowMs: number): Beat {
  return {
    heartbeat: { ...kept, pingedAt: nowMs, awaiting: true },
    action: 'ping',
    wakeAt: nowMs + PONG_TIMEOUT_MS,
  };
}
