/**
 * Hosts and the paths between them. A path has a direction: it delays, stands still (a black hole: what is under way waits, as TCP goes on
 * trying), and is cut (connections on it end). Single messages are never lost, as TCP loses none.
 */
import type { SeededRandom } from '@parley/testing';
import type { VirtualTime } from './virtual-time.ts';

export interface Pace {
  /** Median and tail of one way, in milliseconds. */
  typicalMs: number;
  tailMs: number;
}

/** TCP tries again after a growing time: so much later than the path what waited gets through, in milliseconds. */
const RETRANSMIT_MOST_MS = 1_500;
/** However slow, a path takes no longer than this one way, in milliseconds. */
const SLOWEST_MS = 3_000;

export class Path {
  readonly name: string;
  readonly #network: Network;
  readonly #waiting: (() => void)[] = [];
  #holes = 0;
  /** What the path takes now, as a multiple of its pace. */
  slowness = 1;

  constructor(name: string, network: Network) {
    this.name = name;
    this.#network = network;
  }

  get isBlocked(): boolean {
    return this.#holes > 0;
  }

  /** Lets nothing through; counts, so that two faults may overlap. */
  block(): void {
    this.#holes += 1;
  }

  unblock(): void {
    this.#holes -= 1;
    if (this.#holes > 0) return;
    const { time, random } = this.#network;
    const delay = random.float() ** 2 * RETRANSMIT_MOST_MS;
    for (const go of this.#waiting.splice(0)) time.after(delay, `${this.name} again`, go);
  }

  delayMs(): number {
    const { random, pace } = this.#network;
    const tailMs = random.chance(0.02) ? random.waiting(pace.tailMs) : 0;
    return Math.min((pace.typicalMs * (0.5 + random.float()) + tailMs) * this.slowness, SLOWEST_MS);
  }

  /** Calls back as soon as something can pass. */
  whenOpen(go: () => void): void {
    if (this.#holes === 0) go();
    else this.#waiting.push(go);
  }

  /** One message by itself; what is sent later may arrive sooner. */
  carry(label: string, arrive: () => void): void {
    this.whenOpen(() => {
      this.#network.time.after(this.delayMs(), label, () => this.whenOpen(arrive));
    });
  }
}

export class Network {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly pace: Pace;
  readonly #paths = new Map<string, Path>();

  constructor(time: VirtualTime, random: SeededRandom, pace: Pace) {
    this.time = time;
    this.random = random;
    this.pace = pace;
  }

  path(from: string, to: string): Path {
    const name = `${from}→${to}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      path = new Path(name, this);
      this.#paths.set(name, path);
    }
    return path;
  }

  get paths(): Iterable<Path> {
    return this.#paths.values();
  }
}
