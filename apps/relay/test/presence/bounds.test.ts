import { describe, expect, it } from 'vitest';
import { decodePresenceMessage } from '../../src/presence/presence-message.ts';
import { makeUser, type Node, threeNodes } from './cluster.ts';

const ANNA = makeUser(1);

describe('a user who comes', () => {
  it('is online at once on the own node and within 100 ms elsewhere', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    expect(cluster.stateAt('a', ANNA)).toBe('online');
    cluster.pass(100);
    expect(cluster.stateAt('b', ANNA)).toBe('online');
    expect(cluster.stateAt('c', ANNA)).toBe('online');
  });

  it('is told of together with everybody else of the same moment', () => {
    const cluster = threeNodes();
    const before = cluster.node('a').sent.length;
    for (let number = 0; number < 500; number += 1) cluster.open('a', `s${number}`, { user: makeUser(number) });
    cluster.pass(45);
    expect(kindsSent(cluster.node('a')).slice(before)).toEqual(['delta']);
  });

  it('is known to a node that starts later', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA, idle: true });
    cluster.pass(1_000);
    cluster.start('d');
    cluster.pass(200);
    expect(cluster.stateAt('d', ANNA)).toBe('away');
  });

  it('counts although many thousands come with the user', () => {
    const cluster = threeNodes();
    for (let number = 0; number < 5_000; number += 1) cluster.open('a', `s${number}`, { user: makeUser(number) });
    cluster.pass(200);
    cluster.start('d');
    cluster.pass(200);
    expect(cluster.node('b').presence.onlineCount).toBe(5_000);
    expect(cluster.node('d').presence.onlineCount).toBe(5_000);
    for (const { body } of cluster.node('a').sent) expect(body.length).toBeLessThan(100 * 1024);
  });
});

describe('a user who closed the page', () => {
  it('is offline after the grace, between 10 and 13 s later, everywhere', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(777);
    const closedAt = cluster.now;
    cluster.close('a', 's1');
    cluster.pass(30_000);
    for (const name of ['a', 'b', 'c']) {
      const last = cluster.changesOf(name, ANNA).at(-1);
      expect(last?.state).toBe('offline');
      expect(last!.at - closedAt).toBeGreaterThanOrEqual(10_000);
      expect(last!.at - closedAt).toBeLessThan(13_000);
    }
  });

  it('was last seen at the wall clock of that moment', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.close('a', 's1');
    cluster.pass(20_000);
    const { clock, presence } = cluster.node('b');
    expect(presence.presenceOf(ANNA).lastSeenAt).toBeGreaterThan(clock.wallMs() - 10_000);
    cluster.open('a', 's2', { user: ANNA });
    cluster.pass(100);
    expect(presence.presenceOf(ANNA)).toEqual({ user: ANNA, state: 'online' });
  });

  it.each([
    ['reloads', 'a', 9_900],
    ['comes back on another node', 'b', 9_900],
  ])('and %s within the grace never blinks', (_how, node, afterMs) => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(1_000);
    cluster.close('a', 's1');
    cluster.pass(afterMs);
    cluster.open(node, 's2', { user: ANNA });
    cluster.pass(40_000);
    for (const name of ['a', 'b', 'c'])
      expect(cluster.changesOf(name, ANNA).map(({ state }) => state)).toEqual(['online']);
  });

  it('stays online while another page is open, on any node', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('b', 's2', { user: ANNA });
    cluster.pass(1_000);
    cluster.close('a', 's1');
    cluster.pass(60_000);
    for (const name of ['a', 'b', 'c']) expect(cluster.stateAt(name, ANNA)).toBe('online');
  });
});

describe('away', () => {
  it('is who has only idle sessions, over all nodes', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('b', 's2', { user: ANNA });
    cluster.pass(200);
    cluster.setIdle('a', 's1', true);
    cluster.pass(200);
    expect(cluster.stateAt('c', ANNA)).toBe('online');
    cluster.setIdle('b', 's2', true);
    cluster.pass(200);
    expect(cluster.stateAt('c', ANNA)).toBe('away');
    cluster.setIdle('a', 's1', false);
    cluster.pass(200);
    expect(cluster.stateAt('c', ANNA)).toBe('online');
  });

  it('shows at once of who had just gone and comes back idle', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.close('a', 's1');
    cluster.pass(10_400);
    // Gone on node a, but not believed yet: the others have not been heard since.
    expect(cluster.stateAt('a', ANNA)).toBe('online');
    cluster.open('a', 's2', { user: ANNA, idle: true });
    expect(cluster.stateAt('a', ANNA)).toBe('away');
    cluster.pass(10_000);
    expect(cluster.stateAt('b', ANNA)).toBe('away');
  });

  it('does not flash up when the active page of two is reloaded', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.open('a', 's2', { user: ANNA, idle: true });
    cluster.pass(200);
    cluster.close('a', 's1');
    cluster.pass(3_000);
    cluster.open('b', 's3', { user: ANNA });
    cluster.pass(20_000);
    for (const name of ['a', 'b', 'c'])
      expect(cluster.changesOf(name, ANNA).map(({ state }) => state)).toEqual(['online']);
  });
});

describe('traffic', () => {
  it('is one heartbeat every 2 s and a snapshot every 30 s while nothing changes', () => {
    const cluster = threeNodes();
    cluster.open('a', 's1', { user: ANNA });
    cluster.pass(60_000);
    const before = cluster.node('a').sent.length;
    cluster.pass(120_000);
    const kinds = kindsSent(cluster.node('a')).slice(before);
    expect(kinds.filter((kind) => kind === 'heartbeat')).toHaveLength(60);
    expect(kinds.filter((kind) => kind === 'snapshot')).toHaveLength(4);
    expect(kinds).toHaveLength(64);
  });

  it('answers the questions of many nodes with one snapshot', () => {
    const cluster = threeNodes();
    cluster.pass(5_000);
    const before = cluster.node('a').sent.length;
    for (let number = 0; number < 20; number += 1) {
      cluster.start(`new-${number}`);
      cluster.pass(50);
    }
    const kinds = kindsSent(cluster.node('a')).slice(before);
    expect(kinds.filter((kind) => kind === 'snapshot').length).toBeLessThanOrEqual(3);
  });
});

function kindsSent(node: Node): string[] {
  return node.sent.map(({ key, body }) => decodePresenceMessage(key, body)?.kind ?? 'malformed');
}
