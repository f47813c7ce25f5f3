/** What others see while nodes die, leave, sleep, or hear nobody. */
import { describe, expect, it } from 'vitest';
import { RECORD_VERSION } from '../../src/log/record.ts';
import { Cluster, makeUser, threeNodes } from './cluster.ts';

const ANNA = makeUser(1);
const BEN = makeUser(2);

describe('a node that is killed', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('takes its users offline after 10 s and within 15 s (seed %i)', (seed) => {
    const cluster = threeNodes(seed);
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(5_000 + 251 * seed);
    const killedAt = cluster.now;
    cluster.kill('a');
    cluster.pass(20_000);
    for (const name of ['b', 'c']) {
      const last = cluster.changesOf(name, ANNA).at(-1);
      expect(last?.state).toBe('offline');
      // Up to 2.25 s more until the frame is at the sessions.
      expect(last!.at - killedAt).toBeGreaterThan(10_000);
      expect(last!.at - killedAt).toBeLessThan(12_800);
    }
  });

  it('and is back at once does not blink for those who come back in the grace', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('a', 's2', { user: BEN });
    cluster.pass(1_000);
    cluster.kill('a');
    cluster.pass(2_000);
    cluster.start('a');
    cluster.pass(7_500);
    cluster.open('a', 's3', { user: ANNA });
    cluster.pass(20_000);
    for (const name of ['b', 'c']) {
      expect(cluster.changesOf(name, ANNA).map(({ state }) => state)).toEqual(['online']);
      expect(cluster.changesOf(name, BEN).map(({ state }) => state)).toEqual(['online', 'offline']);
    }
  });
});

describe('a node that drains', () => {
  it('does not blink, and takes away whoever does not come back when the grace ends', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('a', 's2', { user: BEN });
    cluster.pass(5_000);
    cluster.close('a', 's2');
    const benClosedAt = cluster.now;
    cluster.pass(6_000);
    cluster.drain('a');
    cluster.pass(9_500);
    cluster.open('b', 's3', { user: ANNA });
    cluster.pass(30_000);
    for (const name of ['b', 'c']) {
      expect(cluster.changesOf(name, ANNA).map(({ state }) => state)).toEqual(['online']);
      const ben = cluster.changesOf(name, BEN).at(-1)!;
      expect(ben.state).toBe('offline');
      expect(ben.at - benClosedAt).toBeGreaterThanOrEqual(10_000);
      expect(ben.at - benClosedAt).toBeLessThan(13_000);
    }
  });

  it('tells a node that starts meanwhile whom it leaves behind, and as what', () => {
    const cluster = threeNodes();
    cluster.open('c', 's1', { user: ANNA });
    cluster.open('c', 's2', { user: BEN, idle: true });
    cluster.pass(5_000);
    cluster.node('c').mute = true;
    cluster.kill('b');
    cluster.start('b');
    cluster.pass(100);
    cluster.node('c').mute = false;
    cluster.drain('c');
    cluster.pass(2_000);
    expect(cluster.node('b').presence.presenceOf(ANNA).state).toBe('online');
    expect(cluster.node('b').presence.presenceOf(BEN).state).toBe('away');
    cluster.pass(13_000);
    expect([...cluster.node('b').presence.onlineUsers()]).toEqual([]);
  });

  it('shows nothing when one after another is restarted and everybody moves on', () => {
    const cluster = threeNodes();
    const users = Array.from({ length: 30 }, (_, number) => makeUser(number));
    users.forEach((user, number) => cluster.open('abc'[number % 3]!, `s${number}`, { user }));
    cluster.pass(5_000);
    const before = cluster.changes.length;
    const moves: [string, string][] = [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'a'],
    ];
    for (const [from, to] of moves) {
      const moving = [...cluster.node(from).sessions];
      cluster.drain(from);
      cluster.pass(1_500);
      for (const [session, { user }] of moving) cluster.open(to, `${session}'`, { user });
      cluster.start(from);
      cluster.pass(15_000);
    }
    // A node that starts learns who is here; that is no blink.
    const blinks = cluster.changes.slice(before).filter((change) => change.from !== 'offline');
    expect(blinks).toEqual([]);
  });
});

describe('a node that has just started', () => {
  it('shows who was with one that left a moment before, for the rest of their grace', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('a', 's2', { user: BEN, idle: true });
    cluster.pass(5_000);
    cluster.kill('b');
    cluster.drain('a');
    cluster.pass(1_000);
    cluster.start('b');
    cluster.pass(1_500);
    const { presence } = cluster.node('b');
    expect(presence.stale).toBe(false);
    expect(presence.presenceOf(ANNA).state).toBe('online');
    expect(presence.presenceOf(BEN).state).toBe('away');
    cluster.open('c', 's3', { user: ANNA });
    cluster.pass(10_000);
    expect([...presence.onlineUsers()]).toEqual([ANNA]);
  });

  it('shows who was with it before it died, and with another that died, until they are given up', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('b', 's2', { user: BEN });
    cluster.pass(5_000);
    cluster.kill('a');
    cluster.kill('b');
    cluster.pass(3_000);
    cluster.start('b');
    cluster.pass(1_500);
    const { presence } = cluster.node('b');
    expect(new Set(presence.onlineUsers())).toEqual(new Set([ANNA, BEN]));
    cluster.pass(13_000);
    expect([...presence.onlineUsers()]).toEqual([]);
  });
});

describe('the version of records', () => {
  it('is that which every node knows: of those that say nothing, the first', () => {
    const cluster = threeNodes();
    cluster.pass(5_000);
    const { presence } = cluster.node('a');
    expect(presence.recordVersion()).toBe(RECORD_VERSION);
    const header = { format: 1, incarnation: 1, counter: 1, version: 0 };
    const say = (message: object): void =>
      presence.handleSignal({
        kind: 'presence',
        key: 'old',
        body: Buffer.from(JSON.stringify({ ...header, ...message })),
      });
    say({ kind: 'request' });
    expect(presence.recordVersion()).toBeUndefined();
    say({ kind: 'snapshot', counter: 2, part: 0, parts: 1, online: [], away: [] });
    expect(presence.recordVersion()).toBe(1);
    say({ kind: 'bye', counter: 3, linger: [] });
    expect(presence.recordVersion()).toBe(RECORD_VERSION);
  });
});

describe('a node that was paused', () => {
  it('fences itself on wake, and nothing that it sends changes a screen', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('a', 's2', { user: BEN });
    cluster.pass(1_000);
    const a = cluster.node('a');
    a.clock.pause();
    cluster.pass(5_000);
    // Both leave it; only one comes back somewhere.
    cluster.close('a', 's1');
    cluster.close('a', 's2');
    cluster.open('b', 's3', { user: ANNA });
    cluster.pass(55_000);
    expect(cluster.stateAt('c', BEN)).toBe('offline');
    const before = cluster.changes.length;
    a.clock.resume();
    cluster.pass(5_000);
    expect(a.fences).toEqual(['paused']);
    expect(cluster.changes.slice(before).filter((change) => change.by !== 'a')).toEqual([]);
    for (const name of ['a', 'b', 'c']) {
      expect(cluster.stateAt(name, ANNA)).toBe('online');
      expect(cluster.stateAt(name, BEN)).toBe('offline');
    }
    expect(a.presence.stale).toBe(false);
  });

  it('announces who is still there', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    cluster.node('a').clock.pause();
    cluster.pass(30_000);
    expect(cluster.stateAt('b', ANNA)).toBe('offline');
    cluster.node('a').clock.resume();
    cluster.pass(2_000);
    expect(cluster.stateAt('b', ANNA)).toBe('online');
    expect(cluster.stateAt('a', ANNA)).toBe('online');
  });

  it('for less than a lease goes on as if nothing was', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    cluster.node('a').clock.pause();
    cluster.pass(8_000);
    cluster.node('a').clock.resume();
    cluster.pass(30_000);
    expect(cluster.node('a').fences).toEqual([]);
    expect(cluster.changes.filter((change) => change.from !== 'offline')).toEqual([]);
  });
});

describe('a node that hears nobody', () => {
  it('says stale, expires nobody, and gives each a lease when it is back', () => {
    const cluster = threeNodes();
    const stale: boolean[] = [];
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    const c = cluster.node('c');
    c.cut = true;
    cluster.pass(5_500);
    stale.push(c.presence.stale);
    cluster.kill('a');
    cluster.pass(60_000);
    expect(cluster.stateAt('c', ANNA)).toBe('online');
    expect(cluster.stateAt('b', ANNA)).toBe('offline');
    c.cut = false;
    cluster.pass(2_500);
    stale.push(c.presence.stale);
    expect(stale).toEqual([true, false]);
    expect(cluster.stateAt('c', ANNA)).toBe('online');
    cluster.pass(12_500);
    expect(cluster.stateAt('c', ANNA)).toBe('offline');
  });

  it('freezes at once when the log says that it cannot be reached', () => {
    const cluster = threeNodes();
    const { presence } = cluster.node('c');
    presence.setReachable(false);
    expect(presence.stale).toBe(true);
    cluster.pass(5_000);
    expect(presence.stale).toBe(true);
    presence.setReachable(true);
    cluster.pass(2_500);
    expect(presence.stale).toBe(false);
  });

  it('does not blink for who moved between other nodes meanwhile', () => {
    for (const silenceMs of [3_000, 30_000]) {
      const cluster = threeNodes();
      cluster.open('b', 's1', { user: ANNA });
      cluster.pass(1_000);
      cluster.close('b', 's1');
      cluster.pass(9_000 - silenceMs / 10);
      const c = cluster.node('c');
      c.cut = true;
      cluster.open('a', 's2', { user: ANNA });
      cluster.pass(silenceMs / 3);
      // Only b is heard at first, which no longer has the user.
      c.cut = false;
      cluster.node('a').cut = true;
      cluster.pass(1_500);
      cluster.node('a').cut = false;
      cluster.pass(20_000);
      expect(cluster.changesOf('c', ANNA).map(({ state }) => state)).toEqual(['online']);
    }
  });

  it('does not blink for an own user who moved to a node that it cannot hear', () => {
    const cluster = threeNodes();
    cluster.open('c', 's1', { user: ANNA });
    cluster.pass(1_000);
    cluster.node('c').cut = true;
    cluster.close('c', 's1');
    cluster.open('a', 's2', { user: ANNA });
    cluster.pass(60_000);
    expect(cluster.node('c').presence.stale).toBe(true);
    expect(cluster.stateAt('c', ANNA)).toBe('online');
    cluster.node('c').cut = false;
    cluster.pass(30_000);
    expect(cluster.changesOf('c', ANNA).map(({ state }) => state)).toEqual(['online']);
  });

  it('ends no grace of an own user before it hears again, though it knows no other node', () => {
    const cluster = new Cluster();
    const { presence } = cluster.start('a');
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    presence.setReachable(false);
    cluster.close('a', 's1');
    cluster.pass(20_000);
    expect(cluster.stateAt('a', ANNA)).toBe('online');
    presence.setReachable(true);
    cluster.pass(3_000);
    expect(cluster.stateAt('a', ANNA)).toBe('offline');
  });

  it('for 3 s only does not shorten the lease of a node that was killed meanwhile', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(900);
    const b = cluster.node('b');
    b.cut = true;
    cluster.pass(2_990);
    const killedAt = cluster.now;
    cluster.kill('a');
    b.cut = false;
    cluster.pass(30_000);
    const last = cluster.changesOf('b', ANNA).at(-1)!;
    expect(last.state).toBe('offline');
    expect(last.at - killedAt).toBeGreaterThan(10_000);
  });

  it('was given up by the others, learns so and comes back with its users', () => {
    const cluster = threeNodes();
    cluster.open('c', 's1', { user: ANNA });
    cluster.pass(1_000);
    cluster.node('c').cut = true;
    cluster.pass(40_000);
    expect(cluster.stateAt('a', ANNA)).toBe('offline');
    cluster.node('c').cut = false;
    cluster.pass(3_000);
    expect(cluster.node('c').fences).toEqual(['expired']);
    for (const name of ['a', 'b', 'c']) expect(cluster.stateAt(name, ANNA)).toBe('online');
  });

  it('is not mute for that; a node that hears the others, and they do not hear it, knows it before they give it up', () => {
    const cluster = threeNodes();
    cluster.open('c', 's1', { user: ANNA });
    const c = cluster.node('c');
    c.cut = true;
    cluster.pass(9_000);
    expect(c.presence.isMute).toBe(false);
    c.cut = false;
    cluster.pass(3_000);
    c.mute = true;
    cluster.pass(9_000);
    expect(c.presence.isMute).toBe(true);
    expect(cluster.stateAt('a', ANNA)).toBe('online');
    c.mute = false;
    cluster.pass(2_500);
    expect(c.presence.isMute).toBe(false);
  });

  it('says stale until the others have told who is with them', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    const { presence } = cluster.start('d');
    for (let left = 1_000; presence.stale && left > 0; left -= 1) cluster.pass(5);
    expect(presence.stale).toBe(false);
    expect(cluster.stateAt('d', ANNA)).toBe('online');
  });

  it('keeps the only node of a cluster in peace: it hears itself', () => {
    const cluster = new Cluster();
    const { presence } = cluster.start('a');
    expect(presence.stale).toBe(true);
    cluster.pass(1_500);
    expect(presence.stale).toBe(false);
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(100_000);
    expect(presence.stale).toBe(false);
    expect(cluster.stateAt('a', ANNA)).toBe('online');
  });
});

describe('two processes of one name', () => {
  it('fence the older one', () => {
    const cluster = threeNodes();
    const older = cluster.node('a');
    cluster.nodes.delete('a');
    cluster.nodes.set('older a', older);
    cluster.start('a');
    cluster.pass(100);
    expect(older.fences).toEqual(['replaced']);
    expect(cluster.node('a').fences).toEqual([]);
  });
});
