import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePresenceMessage,
  encodePresenceMessage,
  type PresenceDraft,
  USERS_PER_MESSAGE,
  withHeader,
} from '../../src/presence/presence-message.ts';
import { makeUser } from './cluster.ts';

const user = fc.nat(1_000).map(makeUser);
const users = fc.array(user, { maxLength: 20 });
const draft: fc.Arbitrary<PresenceDraft> = fc.oneof(
  fc.record({ kind: fc.constant('heartbeat' as const) }),
  fc.record({
    kind: fc.constant('snapshot' as const),
    part: fc.nat(9),
    parts: fc.integer({ min: 1, max: 10 }),
    online: users,
    away: users,
  }),
  fc.record({ kind: fc.constant('delta' as const), online: users, away: users, gone: users }),
  fc.record({ kind: fc.constant('bye' as const), linger: fc.array(fc.tuple(user, fc.nat(10_000)), { maxLength: 20 }) }),
  fc.record(
    {
      kind: fc.constant('request' as const),
      to: fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      expired: fc.maxSafeNat(),
    },
    { requiredKeys: ['kind'] },
  ),
);
const header = fc.record({ incarnation: fc.maxSafeNat(), counter: fc.maxSafeNat(), version: fc.maxSafeNat() });
const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('a presence message', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(draft, header, (what, of) => {
        const message = withHeader(what, of);
        expect(decodePresenceMessage('node-1', encodePresenceMessage(message))).toEqual(message);
      }),
    );
  });

  it('fits a signal with the most users that it may hold', () => {
    const all = Array.from({ length: USERS_PER_MESSAGE }, (_, number) => makeUser(number));
    const of = { incarnation: Number.MAX_SAFE_INTEGER, counter: 1, version: 1 };
    const linger = all.map((one): [string, number] => [one, 10_000]);
    for (const what of [
      { kind: 'delta', online: all, away: [], gone: [] },
      { kind: 'bye', linger },
    ] as const) {
      const body = encodePresenceMessage(withHeader(structuredClone(what) as PresenceDraft, of));
      expect(body.length).toBeLessThan(100 * 1024);
      expect(decodePresenceMessage('node-1', body)).toBeDefined();
    }
  });

  it.each([
    ['bytes that are no text', Uint8Array.of(0xff, 0xfe)],
    ['no object', encode(7)],
    ['another format', encode({ kind: 'heartbeat', format: 2, incarnation: 1, counter: 1, version: 1 })],
    ['an unknown kind', encode({ kind: 'rumour', format: 1, incarnation: 1, counter: 1, version: 1 })],
    ['a fraction', encode({ kind: 'heartbeat', format: 1, incarnation: 1.5, counter: 1, version: 1 })],
    [
      'what is no user',
      encode({ kind: 'delta', format: 1, incarnation: 1, counter: 1, version: 1, online: ['x'], away: [], gone: [] }),
    ],
    ['too many bytes', Buffer.alloc(200 * 1024, ' ')],
  ])('is not made of %s', (_what, body) => {
    expect(decodePresenceMessage('node-1', body)).toBeUndefined();
  });

  it.each(['', 'a b', 'n'.repeat(65), 'ä'])('does not come from a node called %j', (name) => {
    const body = encode({ kind: 'heartbeat', format: 1, incarnation: 1, counter: 1, version: 1 });
    expect(decodePresenceMessage('ok', body)).toBeDefined();
    expect(decodePresenceMessage(name, body)).toBeUndefined();
  });
});
