import { PING_INTERVAL_MS, PONG_TIMEOUT_MS } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, refusalBackoffMs } from '../src/backoff.ts';
import { firstBeat, nextBeat, urgentBeat } from '../src/heartbeat.ts';
import { httpUrl, socketUrl } from '../src/urls.ts';
import { seededRandom } from './support/fake-clock.ts';

describe('back-off', () => {
  it('lies in [0, min(30 s, 0.5 s * 2^n)) and spreads over all of it', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(), (attempt, seed) => {
        const random = seededRandom(seed);
        const most = Math.min(30_000, 500 * 2 ** attempt);
        const delays = Array.from({ length: 100 }, () => backoffMs(attempt, random));
        expect(delays.every((delay) => delay >= 0 && delay < most)).toBe(true);
        expect(Math.min(...delays)).toBeLessThan(most / 4);
        expect(Math.max(...delays)).toBeGreaterThan((most * 3) / 4);
      }),
    );
  });

  it('grows no further than 8 s where a relay answers that it cannot now', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.nat(), (refusals, seed) => {
        const most = Math.min(8_000, 500 * 2 ** refusals);
        const delays = Array.from({ length: 100 }, () => refusalBackoffMs(refusals, seededRandom(seed)));
        expect(delays.every((delay) => delay >= 0 && delay < most)).toBe(true);
      }),
    );
  });
});

/** When a link that brings something at these times, and nothing after, is found dead. */
function deathOf(heard: readonly number[], start = firstBeat(0)): number {
  let beat = start;
  for (let round = 0; round < 1_000; round += 1) {
    const now = beat.wakeAt;
    const heardAt = Math.max(0, ...heard.filter((at) => at <= now)) || -1;
    beat = nextBeat(beat.heartbeat, heardAt, now);
    if (beat.action === 'dead') return now;
    expect(beat.wakeAt).toBeGreaterThan(now);
  }
  throw new Error('it never died');
}

describe('heartbeat', () => {
  it('finds a silent link within an interval and two time-outs, and never one that answered since', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { maxLength: 50 }), (heard) => {
        const last = Math.max(0, ...heard);
        const death = deathOf(heard);
        expect(death).toBeLessThanOrEqual(last + PING_INTERVAL_MS + 2 * PONG_TIMEOUT_MS);
        // Two whole time-outs passed without a sound.
        expect(heard.filter((at) => at > death - 2 * PONG_TIMEOUT_MS && at <= death)).toEqual([]);
      }),
    );
  });

  it('needs one time-out only when somebody asked', () => {
    expect(deathOf([900], urgentBeat(1_000))).toBe(1_000 + PONG_TIMEOUT_MS);
    expect(deathOf([1_100], urgentBeat(1_000))).toBe(1_000 + PING_INTERVAL_MS + 2 * PONG_TIMEOUT_MS);
  });
});

describe('addresses', () => {
  it.each([
    ['http://localhost:8080', 'ws://localhost:8080/ws', 'http://localhost:8080/api/x'],
    ['https://chat.example.org/', 'wss://chat.example.org/ws', 'https://chat.example.org/api/x'],
    ['wss://example.org/chat', 'wss://example.org/chat/ws', 'https://example.org/chat/api/x'],
  ])('%s', (base, socket, http) => {
    expect(socketUrl(base)).toBe(socket);
    expect(httpUrl(base, '/api/x')).toBe(http);
  });
});
