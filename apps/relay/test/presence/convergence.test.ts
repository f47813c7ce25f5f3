/**
 * Random clusters against the truth of open sessions: whatever was lost, doubled, delayed, killed, paused or cut off,
 * after a calm time every node agrees with the truth; and nobody who is here, or left less than a grace ago, is shown
 * offline to anyone.
 */
import { PRESENCE_GRACE_MS } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COALESCE_MS } from '../../src/presence/pending-changes.ts';
import { LEASE_MS, PAUSED_MS } from '../../src/presence/presence-timing.ts';
import { CALM, Cluster, makeUser, type Network, type Node } from './cluster.ts';

const NAMES = ['a', 'b', 'c'];
const USERS = Array.from({ length: 5 }, (_, number) => makeUser(number));

const name = fc.constantFrom(...NAMES);
const wait = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 500 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 11_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 40_000 }) },
);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('open' as const),
      name,
      user: fc.constantFrom(...USERS),
      idle: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('close' as const), which: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('idle' as const), which: fc.nat(50), idle: fc.boolean() }) },
  // A page that is closed on one node and comes back on another (or the same) after a while.
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      which: fc.nat(50),
      name,
      afterMs: fc.integer({ min: 0, max: 9_500 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'start' as const, 'drain' as const), name }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('pause' as const, 'cut' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('resume' as const, 'heal' as const), name }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const script = fc.array(fc.tuple(step, wait), { minLength: 1, maxLength: 40 });

class Run {
  readonly cluster: Cluster;
  /** Of each user: when a session was last served by a node that the others hear. */
  readonly coveredAt = new Map<string, number>();
  readonly blinks: string[] = [];
  /** Of each node: since when it is neither paused nor cut off. */
  readonly #steadySince = new Map<string, number>();
  readonly #cutAt = new Map<string, number>();
  #endedAt = -Infinity;
  readonly #openedAt = new Map<string, number>();
  #sessions = 0;

  constructor(seed: number, network: Network) {
    this.cluster = new Cluster({ seed, network });
    this.cluster.onChange = (change, node) => {
      if (change.presence.state === 'offline') this.#judge(change.presence.user, node);
    };
    for (const one of NAMES) this.cluster.start(one);
    this.cluster.pass(3_000);
  }

  do(one: Step): void {
    this.#cover();
    const { cluster } = this;
    switch (one.do) {
      case 'open':
        this.#open(one.name, one.user, one.idle);
        break;
      case 'close':
      case 'idle':
      case 'move':
        this.#touch(one);
        break;
      case 'kill':
        cluster.kill(one.name);
        this.#endedAt = cluster.now;
        break;
      case 'start':
        cluster.start(one.name);
        this.#endedAt = cluster.now;
        this.#steadySince.set(one.name, cluster.now);
        break;
      case 'drain':
        if (!this.#serves(cluster.node(one.name))) break;
        cluster.drain(one.name);
        this.#endedAt = cluster.now;
        break;
      case 'pause':
        cluster.node(one.name).clock.pause();
        break;
      case 'cut':
        cluster.node(one.name).cut = true;
        this.#cutAt.set(one.name, cluster.now);
        break;
      default:
        this.#mend(one.name);
    }
    this.#cover();
  }

  pass(durationMs: number): void {
    // In small steps, so that `coveredAt` is right when a change comes.
    for (let left = durationMs; left > 0; left -= 100) {
      this.cluster.pass(Math.min(left, 100));
      this.#cover();
    }
  }

  calm(): void {
    this.cluster.network = CALM;
    for (const one of NAMES) this.#mend(one);
    this.pass(2 * LEASE_MS + PRESENCE_GRACE_MS + 10_000);
  }

  disagreements(): string[] {
    const found: string[] = [];
    for (const node of this.cluster.nodes.values()) {
      if (!node.alive) continue;
      if (node.presence.stale) found.push(`${node.name} is stale`);
      for (const user of USERS) {
        const [is, said] = [this.cluster.truth(user), node.presence.presenceOf(user).state];
        if (is !== said) found.push(`${node.name} says ${said} of ${user}, who is ${is}`);
      }
      const here = USERS.filter((user) => this.cluster.truth(user) !== 'offline').length;
      if (node.presence.onlineCount !== here)
        found.push(`${node.name} counts ${node.presence.onlineCount}, not ${here}`);
    }
    return found;
  }

  #open(node: string, user: string, idle: boolean): void {
    if (!this.#serves(this.cluster.node(node))) return;
    this.#sessions += 1;
    const session = `s${this.#sessions}`;
    this.#openedAt.set(session, this.cluster.now);
    this.cluster.open(node, session, { user, idle });
  }

  #touch(one: Extract<Step, { which: number }>): void {
    const open = [...this.cluster.nodes.values()].flatMap((node) =>
      [...node.sessions].map(([id, session]) => ({ node, id, session })),
    );
    const chosen = open[one.which % Math.max(1, open.length)];
    if (chosen === undefined) return;
    const { node, id, session } = chosen;
    if (one.do === 'idle') {
      if (!node.clock.isPaused) this.cluster.setIdle(node.name, id, one.idle);
      return;
    }
    this.cluster.close(node.name, id);
    if (one.do !== 'move') return;
    this.pass(one.afterMs);
    this.#open(one.name, session.user, session.idle);
  }

  #mend(node: string): void {
    const { clock } = this.cluster.node(node);
    if (!clock.isPaused && !this.cluster.node(node).cut) return;
    this.#steadySince.set(node, this.cluster.now);
    clock.resume();
    this.cluster.node(node).cut = false;
  }

  #serves(node: Node): boolean {
    return node.alive && !node.cut && !node.clock.isPaused;
  }

  #cover(): void {
    const { now } = this.cluster;
    for (const node of this.cluster.nodes.values()) {
      // Who was given up needs a moment to be believed again.
      if (!this.#serves(node) || now - (this.#steadySince.get(node.name) ?? -Infinity) < 5_000) continue;
      for (const [id, { user }] of node.sessions) {
        // Others are promised to know it within a second.
        if (now - this.#openedAt.get(id)! >= 1_000) this.coveredAt.set(user, now);
      }
    }
  }

  #judge(user: string, by: Node): void {
    this.#cover();
    const goneMs = this.cluster.now - (this.coveredAt.get(user) ?? -Infinity);
    // A node that has just started, or was cut off when another one ended, never heard of whom that one had.
    const wasCut = this.#endedAt >= (this.#cutAt.get(by.name) ?? Infinity);
    const neverHeard = wasCut || this.cluster.now - by.bootedAt < PRESENCE_GRACE_MS;
    if (goneMs >= PRESENCE_GRACE_MS || by.presence.stale || neverHeard) return;
    const blink = `${by.name} shows ${user} offline after ${goneMs} ms at ${this.cluster.now}`;
    // Screens are told COALESCE_MS later; what is over by then was a backlog read in one go.
    this.cluster.time.at(this.cluster.now + COALESCE_MS, () => {
      if (by.presence.presenceOf(user).state === 'offline') this.blinks.push(blink);
    });
  }
}

describe('random clusters', () => {
  it('agree with the truth after calm, whatever the network did', () => {
    const network: Network = { minMs: 1, maxMs: 600, lose: 0.15, double: 0.15, reorder: true };
    fc.assert(
      fc.property(fc.nat(), script, (seed, steps) => {
        const run = new Run(seed, network);
        for (const [one, waitMs] of steps) {
          run.do(one);
          run.pass(waitMs);
        }
        run.calm();
        expect(run.disagreements()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('show nobody offline inside the grace while messages arrive', () => {
    const network: Network = { minMs: 1, maxMs: 300, lose: 0, double: 0.1, reorder: false };
    fc.assert(
      fc.property(fc.nat(), script, (seed, steps) => {
        const run = new Run(seed, network);
        for (const [one, waitMs] of steps) {
          run.do(one);
          run.pass(waitMs);
        }
        run.calm();
        expect(run.blinks).toEqual([]);
        expect(run.disagreements()).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('have time-outs that fit together', () => {
    expect(PAUSED_MS).toBeLessThan(LEASE_MS);
    expect(PAUSED_MS).toBeGreaterThanOrEqual(PRESENCE_GRACE_MS);
  });
});
