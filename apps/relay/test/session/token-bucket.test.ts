import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fullBucket, takeTokens } from '../../src/session/token-bucket.ts';
import { UserLimits } from '../../src/session/user-limits.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('a token bucket', () => {
  it('gives its burst at once, then as many as come back', () => {
    const settings = { perSecond: 2, burst: 3 };
    const bucket = fullBucket(settings, 0);
    const take = (nowMs: number) => takeTokens(bucket, settings, { count: 1, nowMs });
    expect([take(0), take(0), take(0), take(0)]).toEqual([0, 0, 0, 500]);
    expect(take(250)).toBe(250);
    expect(take(500)).toBe(0);
    expect(take(600)).toBe(400);
    expect([take(10_000), take(10_000), take(10_000), take(10_000)]).toEqual([0, 0, 0, 500]);
  });

  it('says exactly how long to wait: then, and not before, there is one', () => {
    const settings = fc.record({ perSecond: fc.integer({ min: 1, max: 100 }), burst: fc.integer({ min: 1, max: 50 }) });
    const takes = fc.array(fc.record({ count: fc.integer({ min: 1, max: 60 }), afterMs: fc.nat({ max: 2_000 }) }));
    fc.assert(
      fc.property(settings, takes, (limit, all) => {
        const bucket = fullBucket(limit, 0);
        let nowMs = 0;
        let given = 0;
        for (const { count, afterMs } of all) {
          nowMs += afterMs;
          const waitMs = takeTokens(bucket, limit, { count, nowMs });
          if (waitMs > 0) {
            expect(takeTokens({ ...bucket }, limit, { count, nowMs: nowMs + Math.max(0, waitMs - 2) })).toBeGreaterThan(
              0,
            );
            nowMs += waitMs;
            expect(takeTokens(bucket, limit, { count, nowMs: nowMs + 0.001 })).toBe(0);
          }
          given += count;
          // Never more than was saved up and came back, but for the one take that was larger than a full bucket.
          expect(given).toBeLessThanOrEqual(limit.burst + (nowMs / 1000) * limit.perSecond + 60);
        }
      }),
    );
  });

  it('gives more than its burst when it is full, and is in debt for the rest', () => {
    const settings = { perSecond: 10, burst: 5 };
    const bucket = fullBucket(settings, 0);
    expect(takeTokens(bucket, settings, { count: 20, nowMs: 0 })).toBe(0);
    expect(takeTokens(bucket, settings, { count: 1, nowMs: 0 })).toBe(1_600);
  });

  it('is each key its own', () => {
    const clock = new FakeClock();
    const limits = new UserLimits({ perSecond: 1, burst: 1 }, clock);
    expect([limits.take('ann', 1), limits.take('ben', 1), limits.take('ann', 1)]).toEqual([0, 0, 1_000]);
    clock.advance(1_000);
    expect(limits.take('ann', 1)).toBe(0);
  });
});
