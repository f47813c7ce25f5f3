/** One run: a world made of its seed, load and faults, healing, calm, and the checker's verdict. */
import { type AuditEvent, type AuditOptions, checkHistory, type Verdict } from '@parley/audit';
import { Cluster } from './cluster/cluster.ts';
import type { RelayDoors } from './cluster/relay.ts';
import { dumpLog, dumpView } from './scenario/dumps.ts';
import { Hiding } from './scenario/hiding.ts';
import { FAULTS, type Stage } from './scenario/faults.ts';
import { People } from './scenario/people.ts';
import { makePlan, type Plan } from './scenario/plan.ts';
import { withoutRealWorld } from './world/real-world.ts';
import { World } from './world/world.ts';

export interface RunOptions {
  /** Where a mutant of the product puts its hand in; none: the product as it is. */
  mutant?: Mutant | undefined;
  /** Told every event and what the parts say of it. */
  tell?: ((line: string) => void) | undefined;
  /** What the seed would choose otherwise. */
  plan?: Partial<Plan>;
}

export interface Mutant {
  name: string;
  doors: (world: World) => Partial<RelayDoors>;
  /** With which it shows soon; any run shows it in the end. */
  soonWith?: Partial<Plan>;
}

export interface RunResult {
  seed: number;
  plan: Plan;
  /** Equal for equal runs. */
  hash: string;
  /** Events of the world. */
  events: number;
  virtualMs: number;
  /** Of one core. */
  cpuMs: number;
  history: readonly AuditEvent[];
  verdict: Verdict;
  /** What must not happen at all: errors that nobody caught, frames that cannot be read, people who wait for ever. */
  bugs: readonly string[];
}

const PLAIN: RelayDoors = {
  log: (log) => log,
  socket: (socket) => socket,
  services: (services) => services,
  process: (process) => process,
  node: () => {},
  beforeStart: () => {},
};

/** How long the last loading may take, in milliseconds. */
const LOAD_ALL_MS = 60_000;
/** So long before the end of the calm people do nothing more, in milliseconds. */
const QUIET_MS = 15_000;
const LOG_TOPIC = 'parley.log';

/** What a run is held to, in milliseconds. A slow network has its share of the time that an entry may take. */
function auditOptions({ pace }: Plan): AuditOptions {
  return {
    lag: { calm: 1_000 + 20 * pace.tailMs },
    presence: { onlineMs: 20_000, offlineMs: 75_000, graceMs: 10_000, settleMs: 20_000 },
  };
}

export function runSeed(seed: number, options: RunOptions = {}): Promise<RunResult> {
  const { mutant } = options;
  return new Run(seed, options, mutant).result();
}

class Run {
  readonly #seed: number;
  readonly #world: World;
  readonly #plan: Plan;
  readonly #cluster: Cluster;
  readonly #people: People;
  readonly #history: AuditEvent[] = [];
  readonly #bugs: string[] = [];
  readonly #ends = new Map<string, () => void>();
  #faultCount = 0;
  readonly #hiding: Hiding;

  constructor(seed: number, { tell, plan }: RunOptions, mutant: Mutant | undefined) {
    this.#seed = seed;
    const name = `seed ${seed}`;
    // The plan comes first: the world's pace is a part of it.
    const draft = new World(name, { typicalMs: 1, tailMs: 1 });
    const made = makePlan(draft.random.fork('plan'), Object.keys(FAULTS));
    draft.close();
    this.#plan = { ...made, ...plan };
    this.#world = new World(name, this.#plan.pace, tell);
    const onBug = (what: string): void => {
      if (this.#bugs.length < 20) this.#bugs.push(`${this.#world.time.now.toFixed(0)} ms: ${what}`);
    };
    this.#cluster = new Cluster({
      world: this.#world,
      settings: this.#plan.cluster,
      doors: { ...PLAIN, ...mutant?.doors(this.#world) },
    });
    this.#people = new People({
      world: this.#world,
      cluster: this.#cluster,
      plan: this.#plan,
      write: (event) => this.#write(event),
      onBug,
    });
    this.#onBug = onBug;
    this.#hiding = new Hiding(
      this.#cluster.relays.map((relay) => relay.name),
      () => this.#world.time.now,
      (event) => this.#write(event),
    );
  }

  readonly #onBug: (what: string) => void;

  async result(): Promise<RunResult> {
    const startedAt = process.cpuUsage();
    const caught = (error: unknown): void =>
      this.#onBug(`nobody caught ${error instanceof Error ? error.stack : String(error)}`);
    process.on('unhandledRejection', caught);
    process.on('uncaughtException', caught);
    try {
      await withoutRealWorld(() => this.#live());
    } finally {
      process.off('unhandledRejection', caught);
      process.off('uncaughtException', caught);
      this.#world.close();
    }
    const verdict = checkHistory(this.#history, auditOptions(this.#plan));
    const { trace, time } = this.#world;
    const { user, system } = process.cpuUsage(startedAt);
    return {
      seed: this.#seed,
      plan: this.#plan,
      hash: trace.hash,
      events: time.count,
      virtualMs: time.now,
      cpuMs: (user + system) / 1_000,
      history: this.#history,
      verdict,
      bugs: this.#bugs,
    };
  }

  async #live(): Promise<void> {
    const { time } = this.#world;
    const { loadMs, healMs, calmMs, actEveryMs } = this.#plan;
    this.#cluster.start();
    this.#people.start();
    this.#phase('load');
    this.#people.keepActing(actEveryMs, () => time.now > loadMs);
    this.#keepBreaking(loadMs);
    await time.run(loadMs);
    this.#phase('heal');
    this.#heal();
    await time.run(loadMs + healMs);
    this.#phase('calm');
    const quietAt = time.now + calmMs - QUIET_MS;
    this.#people.keepActing(Math.max(200, actEveryMs), () => time.now > quietAt);
    await time.run(time.now + calmMs);
    await this.#finish();
  }

  #keepBreaking(until: number): void {
    const { faultEveryMs, faultTypicalMs, faults } = this.#plan;
    if (faultEveryMs === 0 || faults.length === 0) return;
    const { time, random } = this.#world;
    const own = random.fork('faults');
    const stage: Stage = { world: this.#world, cluster: this.#cluster, people: this.#people, random: own };
    const next = (): void => {
      time.after(own.waiting(faultEveryMs), 'something breaks', () => {
        if (time.now > until) return;
        this.#break(stage, own.pick(faults), Math.min(own.waiting(faultTypicalMs), 25_000));
        next();
      });
    };
    next();
  }

  #break(stage: Stage, kind: string, durationMs: number): void {
    const { time } = this.#world;
    const begun = FAULTS[kind]?.(stage);
    if (begun === undefined) return;
    this.#faultCount += 1;
    const name = `${kind} ${this.#faultCount}`;
    const at = time.now;
    this.#world.note(`FAULT ${name}: ${begun.what}`);
    this.#write({ type: 'nemesis', at, name, state: 'start', detail: begun.what });
    const show = begun.hides === undefined ? undefined : this.#hiding.begin(begun.hides);
    const end = (): void => {
      if (!this.#ends.delete(name)) return;
      begun.end();
      show?.();
      this.#world.note(`END ${name}`);
      this.#write({ type: 'nemesis', at: time.now, name, state: 'stop' });
    };
    this.#ends.set(name, end);
    time.after(durationMs, `end of ${name}`, end);
  }

  #heal(): void {
    for (const end of this.#ends.values()) end();
    this.#cluster.heal();
    for (const seat of this.#people.seats) if (seat.tabs.length === 0) this.#people.openTab(seat);
  }

  async #finish(): Promise<void> {
    const { time } = this.#world;
    const { kafka, relays } = this.#cluster;
    this.#phase('end');
    for (const tab of this.#people.tabs) {
      const { connection, waitingCount } = tab.chat.getSnapshot();
      if (connection.status !== 'online') this.#onBug(`${tab.name} is ${connection.status} after calm`);
      if (waitingCount > 0) this.#onBug(`${tab.name} waits for ${waitingCount} answers after calm`);
    }
    let isLoaded = false;
    void Promise.all(this.#people.tabs.map((tab) => tab.loadAll())).then(
      () => (isLoaded = true),
      (error: unknown) => this.#onBug(`not everything could be loaded: ${String(error)}`),
    );
    await time.run(time.now + LOAD_ALL_MS, () => isLoaded);
    if (!isLoaded) this.#onBug('not everything was loaded in time');
    for (const tab of this.#people.tabs) tab.recorder.screens(tab.chat, true);
    const epoch = relays.find(({ node }) => node?.services !== undefined)?.node?.services?.epoch ?? 'unknown';
    const at = time.now;
    for (const relay of relays) {
      for (const { partition, next, hash } of relay.progress())
        this.#write({ type: 'position', at, node: relay.name, epoch, topic: 'log', partition, next, hash });
      if (relay.node?.unreadyReason() !== undefined || relay.node === undefined)
        this.#onBug(`${relay.name} is not ready after calm: ${relay.node?.unreadyReason() ?? 'it is down'}`);
      this.#cluster.heldDown.add(relay);
      void relay.drain();
    }
    await time.run(time.now + 30_000, () => relays.every(({ isUp }) => !isUp));
    for (const relay of relays)
      for (const event of dumpView(relay.viewFile, { node: relay.name, epoch, at })) this.#write(event);
    for (const event of dumpLog(this.#cluster, { epoch, at, topic: LOG_TOPIC })) this.#write(event);
    kafka.check();
  }

  #phase(phase: 'load' | 'heal' | 'calm' | 'end'): void {
    this.#world.note(`PHASE ${phase}`);
    this.#write({ type: 'phase', at: this.#world.time.now, phase });
  }

  #write(event: AuditEvent): void {
    this.#history.push(event);
  }
}
