import type { Random } from '@parley/protocol/environment';

/** First and longest range of the jitter, in milliseconds. */
const BASE_MS = 500;
const MOST_MS = 30_000;

/**
 * Full jitter: anywhere in `[0, min(30 s, 0.5 s * 2^attempt))`, so that clients which lost the same node come back spread
 * over the whole range instead of together (AWS architecture blog, "Exponential backoff and jitter").
 */
export function backoffMs(attempt: number, random: Random): number {
  return random.float() * Math.min(MOST_MS, BASE_MS * 2 ** attempt);
}

/** The waits between refusals for now grow up to 8 s. */
const MOST_REFUSALS_COUNTED = 4;

/**
 * For what a relay refused for now: not as long as for a socket, because the relay answers, and once it can write again nobody
 * should wait for long. Added to what the relay asks for.
 */
export function refusalBackoffMs(refusals: number, random: Random): number {
  return backoffMs(Math.min(refusals, MOST_REFUSALS_COUNTED), random);
}
