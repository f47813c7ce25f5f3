import type { UserId } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PresenceDraft, type PresenceMessage, withHeader } from '../../src/presence/presence-message.ts';
import {
  advance,
  createPresenceState,
  knowsTooLittle,
  receive,
  TOMBSTONES_MAX,
} from '../../src/presence/presence-state.ts';
import { stateOf } from '../../src/presence/presence-tally.ts';
import { HEARTBEAT_MS, LEASE_MS, TICK_MS } from '../../src/presence/presence-timing.ts';
import { makeUser } from './cluster.ts';

const [ANNA, BEN, CLEO] = [makeUser(1), makeUser(2), makeUser(3)];

function message(draft: PresenceDraft, incarnation: number, counter: number, version: number): PresenceMessage {
  return withHeader(draft, { incarnation, counter, version });
}
const snapshot = (online: UserId[]): PresenceDraft => ({ kind: 'snapshot', part: 0, parts: 1, online, away: [] });
const delta = (online: UserId[], gone: UserId[] = []): PresenceDraft => ({ kind: 'delta', online, away: [], gone });

describe('a newcomer', () => {
  it('knows too little until everybody whom it hears has said who is there', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'me', message(snapshot([]), 1, 1, 0), 0);
    expect(knowsTooLittle(state)).toBe(false);
    receive(state, 'b', message({ kind: 'heartbeat' }, 1, 9, 4), 1);
    expect(knowsTooLittle(state)).toBe(true);
    receive(state, 'b', message(snapshot([ANNA]), 1, 10, 4), 2);
    expect(knowsTooLittle(state)).toBe(false);
  });
});

describe('order', () => {
  it('is by version: a delta that comes late or twice changes nothing', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 1, 1, 0), 0);
    receive(state, 'b', message(delta([BEN]), 1, 2, 1), 1);
    receive(state, 'b', message(delta([], [BEN]), 1, 3, 2), 2);
    expect(receive(state, 'b', message(delta([BEN]), 1, 2, 1), 3).transitions).toEqual([]);
    expect(stateOf(state.tally, BEN)).toBe('offline');
  });

  it('asks for a snapshot when a delta is missing, and is right after it', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 1, 1, 0), 0);
    expect(receive(state, 'b', message(delta([CLEO]), 1, 3, 2), 1).gap).toBe(true);
    expect(stateOf(state.tally, CLEO)).toBe('offline');
    const answer = receive(state, 'b', message(snapshot([BEN, CLEO]), 1, 4, 2), 2);
    expect(answer.gap).toBeUndefined();
    expect(answer.transitions).toContainEqual({ user: BEN, from: 'offline', to: 'online' });
    expect(stateOf(state.tally, ANNA)).toBe('offline');
  });

  it('lets no older snapshot undo a delta', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 1, 1, 0), 0);
    receive(state, 'b', message(delta([BEN], [ANNA]), 1, 3, 1), 1);
    expect(receive(state, 'b', message(snapshot([ANNA]), 1, 2, 0), 2).transitions).toEqual([]);
    expect(receive(state, 'b', message(delta([CLEO]), 1, 4, 2), 3).gap).toBeUndefined();
  });

  it('lets no old message hold a lease', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 1, 5, 0), 0);
    for (let now = 0; now <= LEASE_MS + TICK_MS; now += TICK_MS) {
      receive(state, 'b', message({ kind: 'heartbeat' }, 1, 4, 0), now);
      receive(state, 'me', message({ kind: 'heartbeat' }, 1, 4, 0), now);
      advance(state, now);
    }
    expect(stateOf(state.tally, ANNA)).toBe('offline');
  });

  it('ignores an incarnation that was replaced', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 2, 1, 0), 0);
    expect(receive(state, 'b', message(snapshot([BEN]), 1, 90, 7), 1)).toEqual({ transitions: [] });
    expect(stateOf(state.tally, BEN)).toBe('offline');
  });

  it('tells an incarnation that was given up, and believes it nothing', () => {
    const state = createPresenceState('me', 1, 0);
    receive(state, 'b', message(snapshot([ANNA]), 4, 1, 0), 0);
    let now = 0;
    while (state.peers.size > 0) {
      now += HEARTBEAT_MS;
      receive(state, 'me', message({ kind: 'heartbeat' }, 1, now, 0), now);
      advance(state, now);
    }
    const late = receive(state, 'b', message(snapshot([BEN]), 4, 9, 3), now);
    expect(late).toEqual({ transitions: [], expired: { node: 'b', incarnation: 4 } });
    expect(receive(state, 'b', message(snapshot([BEN]), 4, 10, 4), now + 1).expired).toBeUndefined();
    expect(receive(state, 'b', message(snapshot([BEN]), 5, 1, 0), now + 2).transitions).toHaveLength(1);
  });

  it('of the parts of a snapshot is free', () => {
    const users = Array.from({ length: 12 }, (_, number) => makeUser(number));
    const parts = [0, 1, 2, 3].map((part) =>
      message(
        { kind: 'snapshot', part, parts: 4, online: users.slice(part * 3, part * 3 + 3), away: [] },
        1,
        part + 1,
        0,
      ),
    );
    const arrivals = fc
      .shuffledSubarray([...parts, ...parts], { minLength: 8 })
      .chain((all) => fc.record({ all: fc.constant(all), cut: fc.nat(8) }));
    fc.assert(
      fc.property(arrivals, ({ all, cut }) => {
        const state = createPresenceState('me', 1, 0);
        for (const part of all.slice(0, cut)) receive(state, 'b', part, 0);
        const complete = new Set(all.slice(0, cut)).size === parts.length;
        expect(state.tally.owners.size).toBe(complete ? users.length : 0);
      }),
    );
  });
});

describe('what is kept', () => {
  it('stays flat over 120 incarnations of a node that is killed every minute', () => {
    const state = createPresenceState('me', 1, 0);
    const users = Array.from({ length: 50 }, (_, number) => makeUser(number));
    let now = 0;
    let own = 0;
    for (let incarnation = 1; incarnation <= 120; incarnation += 1) {
      receive(state, 'b', message(snapshot(users), incarnation, 1, 0), now);
      for (const end = now + 60_000; now < end; now += HEARTBEAT_MS) {
        const lives = now < end - 20_000;
        if (lives) receive(state, 'b', message({ kind: 'heartbeat' }, incarnation, now, 0), now);
        receive(state, 'me', message({ kind: 'heartbeat' }, 1, (own += 1), 0), now);
        advance(state, now);
      }
      expect(sizes(state)).toEqual({ owners: 0, peers: 0, orphans: 0, gone: 1, doubts: 0, before: 0 });
    }
  });

  it('stays flat when a node restarts at once, again and again', () => {
    const state = createPresenceState('me', 1, 0);
    for (let incarnation = 1; incarnation <= 120; incarnation += 1) {
      const now = incarnation * 1_000;
      receive(state, 'b', message(snapshot([makeUser(incarnation)]), incarnation, 1, 0), now);
      receive(state, 'me', message({ kind: 'heartbeat' }, 1, incarnation, 0), now);
      advance(state, now);
      // As many as restarted within one lease.
      expect(state.orphans.length).toBeLessThanOrEqual(2 * (LEASE_MS / 1_000));
      expect(state.tally.owners.size).toBe(state.orphans.length + 1);
    }
  });

  it('is bounded when every restart has another name', () => {
    const state = createPresenceState('me', 1, 0);
    for (let boot = 0; boot < 1_000; boot += 1) {
      const now = boot * 20_000;
      receive(state, `pod-${boot}`, message(snapshot([ANNA]), 1, 1, 0), now);
      for (let ms = 0; ms < 20_000; ms += HEARTBEAT_MS) {
        receive(state, 'me', message({ kind: 'heartbeat' }, 1, now + ms, 0), now + ms);
        advance(state, now + ms);
      }
    }
    expect(sizes(state)).toMatchObject({ owners: 0, peers: 0, orphans: 0, gone: TOMBSTONES_MAX });
  });
});

function sizes(state: ReturnType<typeof createPresenceState>) {
  return {
    owners: state.tally.owners.size,
    peers: state.peers.size,
    orphans: state.orphans.length,
    gone: state.gone.size,
    doubts: state.doubts.size,
    before: state.tally.before.size,
  };
}
