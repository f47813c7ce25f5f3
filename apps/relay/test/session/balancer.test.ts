import * as fc from 'fast-check';
import { makeUserId } from '@parley/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { BALANCE_EVERY_MS, startBalancer, surplus } from '../../src/session/balancer.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { TestNode } from '../support/node.ts';
import { quiet } from '../support/quiet.ts';

describe('sessions over nodes', () => {
  it('become even whatever they were, without a node that gives too much or two that trade for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 6 }), (start) => {
        const nodes = [...start];
        const total = nodes.reduce((sum, one) => sum + one, 0);
        const share = total / nodes.length;
        for (let round = 0; round < 200; round += 1) {
          const counts = nodes.map((own, at) => surplus(own, nodes.toSpliced(at, 1)));
          for (const [at, count] of counts.entries()) {
            expect((nodes[at] ?? 0) - count).toBeGreaterThanOrEqual(Math.floor(Math.min(share, nodes[at] ?? 0)));
            nodes[at] = (nodes[at] ?? 0) - count;
          }
          // To the node with the fewest, as Nginx hands them out.
          for (let moved = counts.reduce((sum, one) => sum + one, 0); moved > 0; moved -= 1) {
            const fewest = nodes.indexOf(Math.min(...nodes));
            nodes[fewest] = (nodes[fewest] ?? 0) + 1;
          }
        }
        expect(nodes.reduce((sum, one) => sum + one, 0)).toBe(total);
        for (const own of nodes) expect(surplus(own, nodes.toSpliced(nodes.indexOf(own), 1))).toBe(0);
        expect(Math.max(...nodes)).toBeLessThanOrEqual(share * 1.1 + 3);
      }),
      { numRuns: 30 },
    );
  }, 20_000);

  it('stay where they are while this node may not know the others, and when it is alone', () => {
    const clock = new FakeClock();
    const moves: number[] = [];
    let others: number[] | undefined;
    const end = startBalancer({
      clock,
      logger: quiet,
      own: () => 300,
      others: () => others,
      move: (count) => void moves.push(count),
    });
    clock.advance(BALANCE_EVERY_MS * 3);
    others = [];
    clock.advance(BALANCE_EVERY_MS * 3);
    expect(moves).toEqual([]);
    others = [300, 0];
    clock.advance(BALANCE_EVERY_MS);
    expect(moves).toEqual([15]);
    // Nobody leaves: it asks more and more rarely.
    clock.advance(BALANCE_EVERY_MS * 20);
    expect(moves.length).toBeLessThan(6);
    end();
    const { length } = moves;
    clock.advance(BALANCE_EVERY_MS * 100);
    expect(moves).toHaveLength(length);
  });
});

it('while sockets are still coming nobody is moved: what the others told is old by then', () => {
  const clock = new FakeClock();
  const moves: number[] = [];
  let own = 0;
  const end = startBalancer({
    clock,
    logger: quiet,
    own: () => own,
    others: () => [own - 900, own - 800],
    move: (count) => void moves.push(count),
  });
  for (own = 1_000; own < 3_000; own += 500) clock.advance(BALANCE_EVERY_MS);
  expect(moves).toEqual([]);
  clock.advance(2 * BALANCE_EVERY_MS);
  expect(moves.length).toBeGreaterThan(0);
  end();
});

describe('a session that is to move', () => {
  let test: TestNode;
  afterEach(() => test.stop());

  it('is told its moment once, and closed only when it stayed long after it', async () => {
    test = await TestNode.start();
    const peers = await Promise.all([1, 2, 3].map(() => test.enter(makeUserId(test.random))));
    test.node.sessions.move(2, 1_000);
    await test.clock.pass(100);
    test.node.sessions.move(1, 1_000);
    await test.clock.pass(100);
    const told = peers.map(({ socket }) => socket.frames.filter(({ type }) => type === 'goaway').length);
    expect(told).toEqual([1, 1, 1]);
    await test.clock.pass(9_000);
    expect(test.node.sessions.size).toBe(3);
    await test.clock.pass(3_000);
    expect(peers.map(({ socket }) => socket.closedWith)).toEqual([1012, 1012, 1012]);
  });
});
