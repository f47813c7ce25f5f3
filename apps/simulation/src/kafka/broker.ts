/** One broker: its replicas, what it answers, and how it follows the leaders of the others. */
import type {
  FetchedRecord,
  Fetched,
  FetchRequest,
  FoundOffset,
  KafkaErrorName,
  OffsetsRequest,
  Produced,
  ProduceRequest,
  TopicInfo,
} from '@parley/relay/kafka-cluster';
import type { Calls } from '../world/calls.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { BrokerDoor, ClusterState, Controller } from './controller.ts';
import { Following } from './following.ts';
import { partitionKey, type PartitionState, Replica } from './replica.ts';

/** Most records in an answer to one partition. */
const FETCH_MOST = 200;
const CHECK_ISR_MS = 2_500;
const ALTER_AGAIN_MS = 1_000;
const REGISTER_AGAIN_MS = 700;

export interface BrokerSettings {
  sessionMs: number;
  /** A follower that lacks something for so long is not in sync any more. */
  lagMostMs: number;
}

export interface BrokerParts {
  world: World;
  calls: Calls;
  controller: Controller;
  settings: BrokerSettings;
  /** By id; filled after all were made. */
  brokers: ReadonlyMap<number, Broker>;
}

export class Broker implements BrokerDoor {
  readonly id: number;
  readonly name: string;
  readonly replicas = new Map<string, Replica>();
  readonly #parts: BrokerParts;
  readonly #following = new Map<number, Following>();
  #process: SimProcess | undefined;
  /** What it was told last: it may be old. */
  #state: ClusterState = { number: -1, partitions: [], brokers: [] };

  constructor(id: number, parts: BrokerParts) {
    this.id = id;
    this.name = `broker-${id}`;
    this.#parts = parts;
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  host(place: { topic: string; partition: number; minIsr: number }): void {
    const replica = new Replica(this.id, place);
    this.replicas.set(replica.key, replica);
  }

  start(): void {
    if (this.#process !== undefined) return;
    this.#process = this.#parts.world.process(this.name);
    this.#state = { number: -1, partitions: [], brokers: [] };
    for (const replica of this.replicas.values()) replica.restart();
    this.#register();
    this.#checkIsr();
  }

  kill(): void {
    const process = this.#process;
    this.#process = undefined;
    this.#following.clear();
    process?.kill();
  }

  tell(state: ClusterState): void {
    if (state.number <= this.#state.number) return;
    this.#state = state;
    const { now } = this.#parts.world.time;
    for (const partition of state.partitions) {
      const replica = this.replicas.get(partitionKey(partition.topic, partition.partition));
      if (replica === undefined || !replica.become(partition, now) || partition.leader < 0) continue;
      this.#followingOf(partition.leader).begin();
    }
    for (const replica of this.replicas.values()) if (replica.role === 'leader') this.#considerIsr(replica);
  }

  produce(request: ProduceRequest, answer: (produced: Produced[]) => void): void {
    const process = this.#process;
    const answers: Produced[] = [];
    let isAnswered = false;
    const finish = (): void => {
      if (isAnswered || answers.length < request.batches.length) return;
      isAnswered = true;
      answer(answers);
    };
    const cancels: ((error: KafkaErrorName) => void)[] = [];
    for (const { topic, partition, records } of request.batches) {
      const settle = (error: KafkaErrorName | undefined, offset = -1): void => {
        answers.push({ topic, partition, error, offset: error === undefined ? offset : -1 });
        finish();
      };
      const replica = this.replicas.get(partitionKey(topic, partition));
      if (replica === undefined) settle('UNKNOWN_TOPIC_OR_PARTITION');
      else if (replica.role !== 'leader') settle('NOT_LEADER_OR_FOLLOWER');
      else if (request.acks === -1 && replica.isr.length < replica.minIsr) settle('NOT_ENOUGH_REPLICAS');
      else {
        const offset = replica.append(records, this.#parts.world.time.now);
        if (request.acks === 1) settle(undefined, offset);
        else {
          const cancel = replica.whenDurable(offset + records.length, (error) => settle(error, offset));
          cancels.push((error) => {
            if (cancel()) settle(error);
          });
        }
      }
    }
    if (!isAnswered)
      process?.after(request.timeoutMs, `${this.name} gives up an append`, () => {
        for (const cancel of cancels) cancel('REQUEST_TIMED_OUT');
      });
  }

  fetch(request: FetchRequest, answer: (fetched: Fetched[]) => void): void {
    const read = (): Fetched[] => request.partitions.map((place) => this.#read(place));
    const isWorthIt = (all: readonly Fetched[]): boolean =>
      all.some(
        ({ error, records, next }, at) =>
          error !== undefined || records.length > 0 || next !== request.partitions[at]?.offset,
      );
    const first = read();
    if (isWorthIt(first)) {
      answer(first);
      return;
    }
    const process = this.#process;
    const watched = request.partitions.flatMap(
      ({ topic, partition }) => this.replicas.get(partitionKey(topic, partition)) ?? [],
    );
    let isAnswered = false;
    const finish = (all: Fetched[]): void => {
      if (isAnswered) return;
      isAnswered = true;
      for (const replica of watched) replica.watchers.delete(look);
      answer(all);
    };
    const look = (): void => {
      const all = read();
      if (isWorthIt(all)) finish(all);
    };
    for (const replica of watched) replica.watchers.add(look);
    process?.after(request.maxWaitMs, `${this.name} ends a long poll`, () => finish(read()));
  }

  offsets(request: OffsetsRequest): FoundOffset[] {
    return request.partitions.map(({ topic, partition }) => {
      const replica = this.replicas.get(partitionKey(topic, partition));
      if (replica === undefined) return { topic, partition, error: 'UNKNOWN_TOPIC_OR_PARTITION', offset: -1 };
      if (replica.role !== 'leader') return { topic, partition, error: 'NOT_LEADER_OR_FOLLOWER', offset: -1 };
      if (request.of === 'start') return { topic, partition, error: undefined, offset: 0 };
      // A new leader does not know yet what was readable before (KIP-207).
      if (replica.highWatermark < replica.epochStart)
        return { topic, partition, error: 'OFFSET_NOT_AVAILABLE', offset: -1 };
      return { topic, partition, error: undefined, offset: replica.highWatermark };
    });
  }

  metadata(topics: readonly string[]): TopicInfo[] {
    return topics.map((topic) => {
      const partitions = this.#state.partitions.filter((state) => state.topic === topic);
      return {
        topic,
        error: partitions.length === 0 ? 'UNKNOWN_TOPIC_OR_PARTITION' : undefined,
        partitions: partitions.map(({ partition, leader, replicas, isr, epoch }) => ({
          topic,
          partition,
          leader: this.#state.brokers.includes(leader) ? leader : -1,
          leaderEpoch: epoch,
          replicas,
          isr,
        })),
      };
    });
  }

  #read({ topic, partition, offset }: { topic: string; partition: number; offset: number }): Fetched {
    const replica = this.replicas.get(partitionKey(topic, partition));
    const fail = (error: KafkaErrorName): Fetched => ({
      topic,
      partition,
      error,
      end: -1,
      start: -1,
      records: [],
      next: offset,
    });
    if (replica === undefined) return fail('UNKNOWN_TOPIC_OR_PARTITION');
    if (replica.role !== 'leader') return fail('NOT_LEADER_OR_FOLLOWER');
    if (offset > replica.log.length) return fail('OFFSET_OUT_OF_RANGE');
    const end = replica.highWatermark;
    const records = replica.log
      .slice(offset, Math.min(end, offset + FETCH_MOST))
      .map(({ record }, at): FetchedRecord => ({ ...record, offset: offset + at }));
    return { topic, partition, error: undefined, end, start: 0, records, next: offset + records.length };
  }

  #followingOf(leader: number): Following {
    let following = this.#following.get(leader);
    if (following === undefined) {
      following = new Following(this, leader, this.#parts);
      this.#following.set(leader, following);
    }
    return following;
  }

  #register(): void {
    const process = this.#process;
    if (process === undefined) return;
    const { calls, controller } = this.#parts;
    calls.call<boolean>({
      from: this,
      to: controller,
      label: `${this.name} registers`,
      serve: (answer) => answer(controller.register(this.id, process.name)),
      done: (result) => {
        if ('answer' in result && result.answer) this.#beat(process);
        else process.after(REGISTER_AGAIN_MS, `${this.name} registers again`, () => this.#register());
      },
    });
  }

  #beat(process: SimProcess): void {
    const { calls, controller, settings } = this.#parts;
    let isHeard = true;
    const beat = (): void => {
      process.after(settings.sessionMs / 3, `${this.name} beats`, () => {
        calls.call<boolean>({
          from: this,
          to: controller,
          label: `${this.name} beat`,
          serve: (answer) => answer(controller.heartbeat(this.id, process.name)),
          done: (result) => {
            if (!isHeard || !('answer' in result) || result.answer) return;
            isHeard = false;
            this.#register();
          },
        });
        if (isHeard) beat();
      });
    };
    beat();
  }

  #checkIsr(): void {
    this.#process?.after(CHECK_ISR_MS, `${this.name} checks who is in sync`, () => {
      const { now } = this.#parts.world.time;
      for (const replica of this.replicas.values()) {
        if (replica.role !== 'leader' || replica.proposed !== undefined) continue;
        const isLate = (id: number): boolean => {
          const follower = replica.followers.get(id);
          return (
            id !== this.id &&
            follower !== undefined &&
            follower.end < replica.log.length &&
            now - follower.caughtUpAt > this.#parts.settings.lagMostMs
          );
        };
        if (replica.isr.some(isLate))
          this.#propose(
            replica,
            replica.isr.filter((id) => !isLate(id)),
          );
      }
      this.#checkIsr();
    });
  }

  /** A follower that has everything again is in sync again. */
  #considerIsr(replica: Replica): void {
    if (replica.role !== 'leader' || replica.proposed !== undefined) return;
    for (const [id, { end }] of replica.followers) {
      if (replica.isr.includes(id) || end < replica.highWatermark || end < replica.epochStart) continue;
      if (!this.#state.brokers.includes(id)) continue;
      this.#propose(replica, [...replica.isr, id]);
      return;
    }
  }

  #propose(replica: Replica, isr: readonly number[]): void {
    const { calls, controller, world } = this.#parts;
    const { key, epoch, version } = replica;
    replica.proposed = isr;
    calls.call<PartitionState | undefined>({
      from: this,
      to: controller,
      label: `${this.name} proposes in-sync replicas`,
      serve: (answer) => answer(controller.alterIsr(this.id, key, { epoch, version, isr })),
      done: (result) => {
        if (replica.epoch !== epoch || replica.version !== version) return;
        if ('answer' in result && result.answer !== undefined) {
          replica.become(result.answer, world.time.now);
          return;
        }
        // Until the controller's word comes, both sets count.
        this.#process?.after(ALTER_AGAIN_MS, `${this.name} may propose again`, () => {
          if (replica.epoch === epoch && replica.version === version) replica.proposed = undefined;
        });
      },
    });
  }

  /** Called when a follower asked. */
  served(key: string): void {
    const replica = this.replicas.get(key);
    if (replica !== undefined) this.#considerIsr(replica);
  }
}
