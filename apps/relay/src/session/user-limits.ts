import type { Clock } from '@parley/protocol/environment';
import { type BucketSettings, fullBucket, takeTokens, type TokenBucket } from './token-bucket.ts';

/** Buckets kept at most; a user whose bucket was forgotten starts with a full one. */
const MOST_BUCKETS = 100_000;

/** A limit per key, such as a user or an address, shared by all of its sockets on this node. */
export class UserLimits {
  readonly #settings: BucketSettings;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(settings: BucketSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Takes tokens and answers 0, or answers how long to wait, in milliseconds. */
  take(key: string, count: number): number {
    const nowMs = this.#clock.monotonicMs();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= MOST_BUCKETS) this.#forgetFull(nowMs);
      bucket = fullBucket(this.#settings, nowMs);
      this.#buckets.set(key, bucket);
    }
    return takeTokens(bucket, this.#settings, { count, nowMs });
  }

  #forgetFull(nowMs: number): void {
    const refillMs = (this.#settings.burst / this.#settings.perSecond) * 1000;
    for (const [key, bucket] of this.#buckets) if (nowMs - bucket.atMs > refillMs) this.#buckets.delete(key);
    if (this.#buckets.size >= MOST_BUCKETS) this.#buckets.clear();
  }
}
