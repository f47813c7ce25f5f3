export interface BucketSettings {
  /** Tokens that come back in a second. */
  perSecond: number;
  /** Tokens that may be saved up. */
  burst: number;
}

/** A limit that forgives: `burst` at once, `perSecond` for ever. Plain data and one function, so that a million cost little. */
export interface TokenBucket {
  tokens: number;
  atMs: number;
}

export function fullBucket(settings: BucketSettings, nowMs: number): TokenBucket {
  return { tokens: settings.burst, atMs: nowMs };
}

/**
 * Takes `count` tokens and answers 0, or takes nothing and answers how long to wait, in milliseconds. More than `burst` are
 * given to a full bucket, which then owes the rest: otherwise nobody could ever have them.
 */
export function takeTokens(
  bucket: TokenBucket,
  settings: BucketSettings,
  take: { count: number; nowMs: number },
): number {
  const refilled = bucket.tokens + ((take.nowMs - bucket.atMs) / 1000) * settings.perSecond;
  bucket.tokens = Math.min(settings.burst, refilled);
  bucket.atMs = take.nowMs;
  const needed = Math.min(take.count, settings.burst);
  if (bucket.tokens >= needed) {
    bucket.tokens -= take.count;
    return 0;
  }
  return Math.ceil(((needed - bucket.tokens) / settings.perSecond) * 1000);
}
