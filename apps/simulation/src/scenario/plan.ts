/** What kind of run a seed makes: how many of everything, how fast, and what goes wrong. */
import type { ClusterSettings } from '../cluster/cluster.ts';
import type { Pace } from '../world/network.ts';
import type { SeededRandom } from '@parley/testing';

export interface Plan {
  cluster: ClusterSettings;
  pace: Pace;
  users: number;
  /** Most devices of one user, and most tabs of one device. */
  devicesMost: number;
  tabsMost: number;
  loadMs: number;
  /** From the end of the faults until everybody must be well: longer than any back-off. */
  healMs: number;
  calmMs: number;
  /** Mean time between two things that people do, in milliseconds. */
  actEveryMs: number;
  /** Mean time between two faults, in milliseconds; 0: none. */
  faultEveryMs: number;
  faultTypicalMs: number;
  /** Names of the faults of this run: few of them more often find more than all of them at once. */
  faults: readonly string[];
}

export function makePlan(random: SeededRandom, faults: readonly string[]): Plan {
  const isCalm = random.chance(0.05);
  return {
    cluster: {
      relays: random.pick([1, 2, 3, 3, 3, 4]),
      partitions: random.pick([1, 1, 2, 3]),
      drainMs: random.pick([0, 1_000, 5_000]),
      kafka: {
        brokers: 3,
        sessionMs: 4_000,
        lagMostMs: random.pick([10_000, 30_000]),
        preferredEveryMs: random.pick([10_000, 30_000]),
      },
    },
    pace: { typicalMs: random.pick([0.3, 1, 1, 5, 20]), tailMs: random.pick([5, 30, 200]) },
    users: random.whole(2, 6),
    devicesMost: random.whole(1, 2),
    tabsMost: random.whole(1, 2),
    loadMs: random.between(15_000, 60_000),
    healMs: 50_000,
    calmMs: 25_000,
    actEveryMs: random.pick([50, 100, 200, 300, 1_000]),
    faultEveryMs: isCalm ? 0 : random.pick([1_000, 3_000, 3_000, 8_000]),
    faultTypicalMs: random.pick([300, 2_000, 6_000]),
    faults: random.chance(0.2) ? faults : random.shuffled(faults).slice(0, random.whole(1, 5)),
  };
}
