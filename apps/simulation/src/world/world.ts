/** What everything in one run shares. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network, type Pace } from './network.ts';
import { SimProcess } from './process.ts';
import { SeededRandom } from '@parley/testing';
import { realWorld } from './real-world.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

/** Files in memory where there is such a folder: a disk's speed is of no interest. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export class World {
  readonly trace: Trace;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly network: Network;
  /** For files of this run. */
  readonly folder: string = mkdtempSync(join(FOLDER, 'parley-simulation-'));
  readonly #lives = new Map<string, number>();

  constructor(seed: string, pace: Pace, tell?: (line: string) => void) {
    this.trace = new Trace(tell);
    this.time = new VirtualTime(this.trace, realWorld().setImmediate);
    this.random = new SeededRandom(seed);
    this.network = new Network(this.time, this.random.fork('network'), pace);
  }

  /** A process on this host, alive; each life of it draws from a stream of its own. */
  process(host: string): SimProcess {
    const life = (this.#lives.get(host) ?? 0) + 1;
    this.#lives.set(host, life);
    return new SimProcess(`${host}#${life}`, this.time, this.random.fork(`${host}#${life}`));
  }

  note(text: string): void {
    this.trace.note(this.time.now, text);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
