/** Who leads what: ZooKeeper and the controller in one, which itself never fails but may stand still. */
import type { Calls, Host } from '../world/calls.ts';
import type { World } from '../world/world.ts';
import type { PartitionState } from './replica.ts';

/** How often sessions are looked at: half a tick of ZooKeeper's. */
const LOOK_MS = 500;
/** What the controller takes between seeing a change and having told of it, in milliseconds. */
const SLOW_MOST_MS = 1_200;

/** What a broker is told: all partitions, and who is there. */
export interface ClusterState {
  /** Later words have higher ones. */
  number: number;
  partitions: readonly PartitionState[];
  brokers: readonly number[];
}

export interface BrokerDoor extends Host {
  readonly id: number;
  tell(state: ClusterState): void;
}

export interface ControllerSettings {
  sessionMs: number;
  /** Leaders go back to the first replica this often; 0: never. */
  preferredEveryMs: number;
}

export class Controller implements Host {
  readonly name = 'controller';
  readonly process;
  readonly #world: World;
  readonly #calls: Calls;
  readonly #settings: ControllerSettings;
  readonly #partitions = new Map<string, PartitionState>();
  readonly #doors = new Map<number, BrokerDoor>();
  /** When each living session was last heard of, and which life of the broker has it. */
  readonly #sessions = new Map<number, { life: string; heardAt: number }>();
  #number = 0;
  /** For the model's own check: called with every new leader. */
  onElected: (state: PartitionState) => void = () => {};

  constructor(world: World, calls: Calls, settings: ControllerSettings) {
    this.#world = world;
    this.#calls = calls;
    this.#settings = settings;
    this.process = world.process(this.name);
    this.#look();
    if (settings.preferredEveryMs > 0) this.#balance();
  }

  add(door: BrokerDoor): void {
    this.#doors.set(door.id, door);
  }

  create(state: PartitionState, key: string): void {
    this.#partitions.set(key, state);
  }

  /** Tells everybody of what was created. */
  announce(): void {
    this.#tellAll();
  }

  get partitions(): ReadonlyMap<string, PartitionState> {
    return this.#partitions;
  }

  get living(): readonly number[] {
    return [...this.#sessions.keys()].toSorted((one, other) => one - other);
  }

  /** @returns False: another life of this broker still has its session, and it must wait. */
  register(broker: number, life: string): boolean {
    const session = this.#sessions.get(broker);
    if (session !== undefined && session.life !== life) return false;
    const isNew = session === undefined;
    this.#sessions.set(broker, { life, heardAt: this.#world.time.now });
    if (isNew) this.#soon(`broker ${broker} came`, () => this.#handleArrival(broker));
    return true;
  }

  /** @returns False: the session is over, and the broker must register anew. */
  heartbeat(broker: number, life: string): boolean {
    const session = this.#sessions.get(broker);
    if (session?.life !== life) return false;
    session.heardAt = this.#world.time.now;
    return true;
  }

  /** A leader wants to change the in-sync replicas of a partition. @returns What holds now. */
  alterIsr(
    broker: number,
    key: string,
    proposal: { epoch: number; version: number; isr: readonly number[] },
  ): PartitionState | undefined {
    const state = this.#partitions.get(key);
    if (
      state === undefined ||
      state.leader !== broker ||
      state.epoch !== proposal.epoch ||
      state.version !== proposal.version
    )
      return undefined;
    if (proposal.isr.some((id) => !this.#sessions.has(id))) return undefined;
    const changed = { ...state, isr: proposal.isr, version: state.version + 1 };
    this.#partitions.set(key, changed);
    this.#soon('in-sync replicas changed', () => this.#tellAll());
    return changed;
  }

  #soon(label: string, run: () => void): void {
    const { random } = this.process;
    this.process.after(20 + random.float() ** 2 * SLOW_MOST_MS, `controller: ${label}`, run);
  }

  #look(): void {
    this.process.after(LOOK_MS, 'controller looks', () => {
      const before = this.#world.time.now - this.#settings.sessionMs;
      for (const [broker, { heardAt }] of this.#sessions) {
        if (heardAt >= before) continue;
        this.#sessions.delete(broker);
        this.#world.note(`the session of broker ${broker} ended`);
        this.#soon(`broker ${broker} left`, () => this.#handleLoss(broker));
      }
      this.#look();
    });
  }

  #balance(): void {
    this.process.after(this.#settings.preferredEveryMs, 'controller balances', () => {
      for (const [key, state] of this.#partitions) {
        const preferred = state.replicas[0] ?? -1;
        if (state.leader !== preferred && state.isr.includes(preferred) && this.#sessions.has(preferred))
          this.#change(key, { ...state, leader: preferred });
      }
      this.#tellAll();
      this.#balance();
    });
  }

  #handleArrival(broker: number): void {
    for (const [key, state] of this.#partitions) if (state.leader < 0) this.#elect(key, state);
    this.#tellAll();
    this.#world.note(`broker ${broker} is part of the cluster`);
  }

  #handleLoss(broker: number): void {
    // It may be back meanwhile, under a session of its own: its leadership moves all the same, as its state may be old.
    for (const [key, state] of this.#partitions) {
      if (!state.replicas.includes(broker)) continue;
      const isr = state.isr.length > 1 ? state.isr.filter((id) => id !== broker) : state.isr;
      const next = { ...state, isr, version: state.version + 1 };
      if (state.leader === broker) this.#elect(key, next);
      else if (isr !== state.isr) this.#change(key, next);
    }
    this.#tellAll();
  }

  /** The first replica that is in sync and there; never one that lacks something. */
  #elect(key: string, state: PartitionState): void {
    const leader = state.replicas.find((id) => state.isr.includes(id) && this.#sessions.has(id)) ?? -1;
    this.#change(key, { ...state, leader });
  }

  #change(key: string, state: PartitionState): void {
    const changed = { ...state, epoch: state.epoch + 1, version: state.version + 1 };
    this.#partitions.set(key, changed);
    this.onElected(changed);
  }

  #tellAll(): void {
    this.#number += 1;
    for (const door of this.#doors.values()) this.#tell(door);
  }

  #tell(door: BrokerDoor): void {
    const state: ClusterState = {
      number: this.#number,
      partitions: [...this.#partitions.values()],
      brokers: this.living,
    };
    this.#calls.call({
      from: this,
      to: door,
      label: `controller tells broker ${door.id}`,
      serve: (answer) => {
        door.tell(state);
        answer(undefined);
      },
      done: (result) => {
        if (!('failed' in result) || !this.#sessions.has(door.id)) return;
        this.process.after(LOOK_MS, 'controller tells again', () => this.#tell(door));
      },
    });
  }
}
