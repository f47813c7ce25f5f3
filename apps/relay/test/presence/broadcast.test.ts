import { FRAME_MAX_BYTES, LOBBY_MAX_PEOPLE, type User, type UserId } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNT_GAP_MS, LOBBY_CROWDED_MS, RESNAPSHOT_MS } from '../../src/presence/presence-broadcast.ts';
import { makeUser } from './cluster.ts';
import { type Screen, type Stage, stage } from './stage.ts';

const ANNA = makeUser(1);
const BEN = makeUser(2);
const LOBBY = { lobby: true, users: [] };

/** As many people as a lobby lists. */
function crowd(): Stage {
  const one = stage();
  for (let number = 0; number < LOBBY_MAX_PEOPLE; number += 1) {
    one.presence.openSession(makeUser(number), `s${number}`, false);
  }
  return one;
}
const late = (number: number): UserId => makeUser(LOBBY_MAX_PEOPLE + number);

describe('a session that begins to watch', () => {
  it('gets a snapshot of everybody in the lobby, with names', () => {
    const { presence, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    presence.openSession(BEN, 's2', true);
    const screen = watching(LOBBY);
    expect(screen.frames).toHaveLength(1);
    expect(screen.frames[0]?.outgoing.class).toBe('control');
    expect(screen.frames[0]?.frame).toMatchObject({
      snapshot: true,
      presences: [
        { user: ANNA, state: 'online' },
        { user: BEN, state: 'away' },
      ],
      onlineCount: 2,
      stale: false,
    });
    expect(screen.names.get(BEN)).toBe(`name of ${BEN}`);
  });

  it('hears of watched users only, and when they were last seen', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    presence.closeSession(ANNA, 's1');
    time.pass(11_000);
    presence.openSession(BEN, 's2', false);
    const screen = watching({ lobby: false, users: [ANNA, makeUser(3)] });
    expect([...screen.states.keys()]).toEqual([ANNA]);
    expect(screen.states.get(ANNA)).toMatchObject({ state: 'offline', lastSeenAt: expect.any(Number) });
    expect(screen.onlineCount).toBe(1);
  });

  it('gets frames within the limit, however many people and however long their names', () => {
    const { presence, watching } = stage((id) => ({ id, name: '漢'.repeat(64) }));
    for (let number = 0; number < LOBBY_MAX_PEOPLE; number += 1)
      presence.openSession(makeUser(number), `s${number}`, false);
    const screen = watching({ lobby: true, users: [makeUser(9_999)] });
    expect(screen.here).toHaveLength(LOBBY_MAX_PEOPLE);
    for (const { outgoing } of screen.frames) expect(outgoing.bytes.length).toBeLessThanOrEqual(FRAME_MAX_BYTES);
    expect(screen.frames.map(({ frame }) => frame.snapshot)).toEqual([
      true,
      ...screen.frames.slice(1).map(() => false),
    ]);
  });

  it('hears nothing any more once it does not watch', () => {
    const { broadcast, presence, time, watching } = stage();
    const screen = watching({ lobby: true, users: [ANNA] });
    broadcast.unwatch(screen);
    presence.openSession(ANNA, 's1', false);
    time.pass(1_000);
    expect(screen.frames).toHaveLength(1);
  });
});

describe('changes', () => {
  it('go out within 250 ms, together, encoded once for the whole lobby', () => {
    const { presence, time, watching } = stage();
    const [one, other] = [watching(LOBBY), watching(LOBBY)];
    for (let number = 0; number < 20; number += 1) presence.openSession(makeUser(number), `s${number}`, false);
    time.pass(250);
    expect(one.frames).toHaveLength(2);
    expect(one.here).toHaveLength(20);
    expect(one.frames[1]?.outgoing.class).toBe('ephemeral');
    expect(other.frames[1]?.outgoing.bytes).toBe(one.frames[1]?.outgoing.bytes);
  });

  it('are encoded once for an equal set of users', () => {
    const { presence, time, watching } = stage();
    const one = watching({ lobby: false, users: [ANNA, BEN] });
    const other = watching({ lobby: false, users: [BEN, ANNA, makeUser(3)] });
    presence.openSession(ANNA, 's1', false);
    presence.openSession(BEN, 's2', false);
    time.pass(250);
    expect(one.here).toEqual([ANNA, BEN]);
    expect(other.frames[1]?.outgoing.bytes).toBe(one.frames[1]?.outgoing.bytes);
  });

  it('of different users never replace each other while they wait', () => {
    const { presence, time, watching } = stage();
    const screen = watching(LOBBY);
    presence.openSession(ANNA, 's1', false);
    time.pass(300);
    presence.openSession(BEN, 's2', false);
    time.pass(300);
    const keys = screen.frames.flatMap(({ outgoing }) => (outgoing.class === 'ephemeral' ? [outgoing.key] : []));
    expect(new Set(keys).size).toBe(2);
  });

  it('that end where they began are not told', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    const screen = watching(LOBBY);
    presence.setIdle(ANNA, 's1', true);
    time.pass(50);
    presence.setIdle(ANNA, 's1', false);
    time.pass(10_000);
    expect(screen.frames).toHaveLength(1);
  });

  it('that end where they began leave nobody wrong who begins to watch in between', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    watching(LOBBY);
    presence.setIdle(ANNA, 's1', true);
    const screens = [watching(LOBBY), watching({ lobby: false, users: [ANNA] })];
    presence.setIdle(ANNA, 's1', false);
    time.pass(10_000);
    for (const screen of screens) {
      expect(screen.states.get(ANNA)?.state).toBe('online');
      expect(screen.frames).toHaveLength(1);
    }
  });

  it('that are not told yet are not counted yet', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    const screen = watching(LOBBY);
    presence.closeSession(ANNA, 's1');
    // The grace ends with a tick, and these are multiples of 250 ms.
    time.pass(11_690 - time.now);
    presence.openSession(BEN, 's2', false);
    time.pass(105);
    expect(presence.onlineCount).toBe(1);
    expect(screen.here).toEqual([ANNA, BEN]);
    expect(screen.onlineCount).toBe(2);
    time.pass(300);
    expect(screen.onlineCount).toBe(1);
  });

  it('make at most 4 frames a second', () => {
    const { presence, time, watching } = stage();
    const screen = watching(LOBBY);
    for (let number = 0; number < 60; number += 1) {
      presence.openSession(makeUser(number), `s${number}`, false);
      time.pass(101);
    }
    const told = screen.frames.slice(1).map(({ at }) => at);
    for (const [place, at] of told.entries()) if (place > 0) expect(at - told[place - 1]!).toBeGreaterThanOrEqual(250);
    expect(told.length).toBeGreaterThan(20);
  });

  it('of one user are told at most once in 2 s, the last one for certain', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    const screen = watching(LOBBY);
    for (let flip = 0; flip < 60; flip += 1) {
      presence.setIdle(ANNA, 's1', flip % 2 === 0);
      time.pass(330);
    }
    presence.setIdle(ANNA, 's1', true);
    time.pass(2_100);
    const told = screen.frames.slice(1).map(({ at }) => at);
    for (const [place, at] of told.entries())
      if (place > 0) expect(at - told[place - 1]!).toBeGreaterThanOrEqual(2_000);
    expect(screen.states.get(ANNA)?.state).toBe('away');
  });

  it('bring back within a second whoever was just told to be offline', () => {
    const { presence, time, watching } = stage();
    presence.openSession(ANNA, 's1', false);
    const screen = watching({ lobby: false, users: [ANNA] });
    presence.closeSession(ANNA, 's1');
    while (screen.states.get(ANNA)?.state !== 'offline') time.pass(10);
    presence.openSession(ANNA, 's2', false);
    time.pass(300);
    expect(screen.states.get(ANNA)?.state).toBe('online');
  });

  it('that were dropped are made good by a snapshot, one for many', () => {
    const { presence, time, watching } = stage();
    const screen = watching(LOBBY);
    screen.isSlow = true;
    for (let number = 0; number < 4; number += 1) {
      presence.openSession(makeUser(number), `s${number}`, false);
      time.pass(200);
    }
    expect(screen.here).toEqual([]);
    time.pass(RESNAPSHOT_MS);
    expect(screen.here).toHaveLength(4);
    expect(screen.frames).toHaveLength(2);
  });
});

describe('a stale node', () => {
  it('says so to everybody, and when it is over', () => {
    const { presence, time, watching } = stage();
    const screens = [watching(LOBBY), watching({ lobby: false, users: [ANNA] })];
    presence.setReachable(false);
    time.pass(250);
    expect(screens.map(({ stale }) => stale)).toEqual([true, true]);
    presence.setReachable(true);
    time.pass(3_500);
    expect(screens.map(({ stale }) => stale)).toEqual([false, false]);
  });
});

describe('a crowded lobby', () => {
  it('shows watched users and a number, told every 2 s', () => {
    const { presence, time, watching } = crowd();
    const screen = watching({ lobby: true, users: [ANNA, late(0), late(9)] });
    presence.openSession(late(0), 'late 0', false);
    time.pass(300);
    expect(screen.here).toEqual([ANNA, late(0)]);
    const before = screen.frames.length;
    for (let number = 1; number < 9; number += 1) {
      presence.openSession(late(number), `late ${number}`, false);
      time.pass(500);
    }
    time.pass(COUNT_GAP_MS);
    expect(screen.here).toEqual([ANNA, late(0)]);
    expect(screen.onlineCount).toBe(LOBBY_MAX_PEOPLE + 9);
    expect(screen.frames.length - before).toBeLessThanOrEqual(4);
    presence.openSession(late(9), 'late 9', false);
    time.pass(300);
    expect(screen.here).toEqual([ANNA, late(0), late(9)]);
    expect(screen.onlineCount).toBe(LOBBY_MAX_PEOPLE + 10);
  });

  it('shows everybody again when it has emptied, but not to and fro', () => {
    const { presence, time, watching } = crowd();
    const screen = watching(LOBBY);
    presence.openSession(late(0), 'late', false);
    time.pass(300);
    expect(screen.here).toEqual([]);
    presence.closeSession(late(0), 'late');
    time.pass(15_000);
    expect(screen.here).toEqual([]);
    time.pass(LOBBY_CROWDED_MS);
    expect(screen.here).toHaveLength(LOBBY_MAX_PEOPLE);
    expect(screen.onlineCount).toBe(LOBBY_MAX_PEOPLE);
  });
});

describe('a name that becomes known later', () => {
  it('reaches those who see the user', () => {
    const names = new Map<UserId, User>();
    const { broadcast, presence, watching } = stage((id) => names.get(id));
    presence.openSession(ANNA, 's1', false);
    const [lobby, friend, stranger] = [
      watching(LOBBY),
      watching({ lobby: false, users: [ANNA] }),
      watching({ lobby: false, users: [BEN] }),
    ];
    const anna = { id: ANNA, name: 'Anna' };
    names.set(ANNA, anna);
    broadcast.handleUserNamed(anna);
    expect([lobby, friend, stranger].map((screen) => screen.names.get(ANNA))).toEqual(['Anna', 'Anna', undefined]);
    expect(watching(LOBBY).names.get(ANNA)).toBe('Anna');
  });
});

describe('random changes and watches', () => {
  const user = fc.nat(5).map(makeUser);
  const step = fc.oneof(
    fc.record({ do: fc.constant('open' as const), user, session: fc.nat(2), idle: fc.boolean() }),
    fc.record({ do: fc.constant('close' as const), user, session: fc.nat(2) }),
    fc.record({ do: fc.constant('idle' as const), user, session: fc.nat(2), idle: fc.boolean() }),
    fc.record({
      do: fc.constant('watch' as const),
      screen: fc.nat(3),
      lobby: fc.boolean(),
      users: fc.uniqueArray(user),
    }),
    fc.record({ do: fc.constantFrom('unwatch' as const, 'slow' as const, 'fast' as const), screen: fc.nat(3) }),
  );
  const wait = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 12_000 }));

  it('leave every screen with what is true of whom it watches, at no more than 4 frames a second', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(step, wait), { maxLength: 40 }), (steps) => {
        const { broadcast, presence, screen, time } = stage();
        const screens = Array.from({ length: 4 }, screen);
        const watches = new Map<Screen, { lobby: boolean; users: readonly UserId[] }>();
        for (const [one, waitMs] of steps) {
          if (one.do === 'open') presence.openSession(one.user, `${one.user} ${one.session}`, one.idle);
          else if (one.do === 'close') presence.closeSession(one.user, `${one.user} ${one.session}`);
          else if (one.do === 'idle') presence.setIdle(one.user, `${one.user} ${one.session}`, one.idle);
          else {
            const target = screens[one.screen]!;
            if (one.do === 'watch') {
              watches.set(target, one);
              broadcast.watch(target, one);
            } else if (one.do === 'unwatch') {
              watches.delete(target);
              broadcast.unwatch(target);
            } else target.isSlow = one.do === 'slow';
          }
          time.pass(waitMs);
        }
        for (const target of screens) target.isSlow = false;
        time.pass(15_000);
        const everybody = Array.from({ length: 6 }, (_, number) => makeUser(number));
        for (const [target, watch] of watches) {
          for (const one of everybody) {
            const shown = target.states.get(one)?.state ?? 'offline';
            if (watch.lobby || watch.users.includes(one)) expect(shown).toBe(presence.presenceOf(one).state);
          }
          if (watch.lobby) expect(target.onlineCount).toBe(presence.onlineCount);
          const changes = target.frames.filter(({ outgoing }) => outgoing.class === 'ephemeral').map(({ at }) => at);
          for (let place = 4; place < changes.length; place += 1) {
            expect(changes[place]! - changes[place - 4]!).toBeGreaterThanOrEqual(1_000);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
