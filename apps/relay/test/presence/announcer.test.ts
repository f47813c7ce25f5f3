import { makeUserId, type Presence } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { type Announcement, Announcer } from '../../src/presence/announcer.ts';
import { FakeClock, seededRandom } from '../support/fake-clock.ts';

const random = seededRandom(3);

function world(node = 'a') {
  const clock = new FakeClock();
  const here = new Map<string, Presence>();
  const written: Announcement[] = [];
  let isFirst = true;
  let refuses = false;
  const announcer = new Announcer({
    node,
    clock,
    isFirst: () => isFirst,
    everybody: () => here.values(),
    announce: async (user, value) => {
      if (refuses) throw new Error('no replicas');
      const announcement = JSON.parse(Buffer.from(value).toString()) as Announcement;
      expect(announcement.user).toBe(user);
      written.push(announcement);
    },
  });
  announcer.start();
  const change = (user: string, state: Presence['state']): void => {
    const presence = { user, state };
    if (state === 'offline') here.delete(user);
    else here.set(user, presence);
    announcer.handleChanges([{ presence }]);
  };
  const states = (): string[] => written.map(({ user, state }) => `${user} ${state}`);
  const setFirst = (first: boolean): void => {
    isFirst = first;
  };
  const setRefusing = (now: boolean): void => {
    refuses = now;
  };
  return { announcer, clock, written, change, states, setFirst, setRefusing };
}

describe('what other services are told', () => {
  it('is every change, soon, with the newest where two come at once', () => {
    const { clock, change, states, written } = world();
    clock.advance(250);
    change('u1', 'online');
    clock.advance(250);
    change('u1', 'away');
    change('u1', 'offline');
    clock.advance(250);
    expect(states()).toEqual(['u1 online', 'u1 offline']);
    expect(written[0]).toMatchObject({ version: 1, by: 'a' });
  });

  it('is written by one node; who takes over repeats who is here and who left lately', () => {
    const { clock, change, states, setFirst } = world('b');
    setFirst(false);
    clock.advance(250);
    change('long-gone', 'offline');
    clock.advance(60_000);
    change('here', 'online');
    change('gone', 'online');
    change('gone', 'offline');
    clock.advance(1_000);
    expect(states()).toEqual([]);
    setFirst(true);
    clock.advance(250);
    expect(states().toSorted()).toEqual(['gone offline', 'here online']);
    setFirst(false);
    clock.advance(250);
    change('here', 'offline');
    clock.advance(250);
    expect(states()).toHaveLength(2);
  });

  it('is said again when it could not be written, and the newer of two', async () => {
    const { clock, change, states, setRefusing } = world();
    clock.advance(250);
    setRefusing(true);
    change('u1', 'online');
    change('u2', 'online');
    await clock.pass(1_000);
    change('u2', 'offline');
    setRefusing(false);
    await clock.pass(250);
    expect(states().toSorted()).toEqual(['u1 online', 'u2 offline']);
  });

  it('comes in portions when there is much to repeat', () => {
    const { clock, change, states, setFirst } = world();
    setFirst(false);
    clock.advance(250);
    for (let n = 0; n < 1_200; n += 1) change(makeUserId(random), 'online');
    setFirst(true);
    clock.advance(250);
    expect(states()).toHaveLength(500);
    clock.advance(500);
    expect(states()).toHaveLength(1_200);
  });
});
