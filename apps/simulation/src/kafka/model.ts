/** A Kafka cluster in the world: brokers, their controller, and the topics of the product. */
import type { KafkaCluster } from '@parley/relay/kafka-cluster';
import { Calls } from '../world/calls.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Broker, type BrokerSettings } from './broker.ts';
import { Controller, type ControllerSettings } from './controller.ts';
import { type LogEntry, partitionKey, type PartitionState } from './replica.ts';
import { SimCluster } from './sim-cluster.ts';

export interface TopicPlan {
  topic: string;
  partitions: number;
  replicationFactor: number;
  minIsr: number;
}

export interface KafkaSettings extends BrokerSettings, ControllerSettings {
  brokers: number;
}

export class KafkaModel {
  readonly brokers = new Map<number, Broker>();
  readonly controller: Controller;
  readonly calls: Calls;
  readonly #world: World;
  readonly #created = new Set<string>();
  /** Everything that was ever readable, by partition: the model must never take any of it back. */
  readonly #committed = new Map<string, LogEntry[]>();

  constructor(world: World, settings: KafkaSettings) {
    this.#world = world;
    this.calls = new Calls(world.network);
    this.controller = new Controller(world, this.calls, settings);
    const parts = { world, calls: this.calls, controller: this.controller, settings, brokers: this.brokers };
    for (let id = 1; id <= settings.brokers; id += 1) {
      const broker = new Broker(id, parts);
      this.brokers.set(id, broker);
      this.controller.add(broker);
    }
    this.controller.onElected = (state) => this.#checkElected(state);
  }

  start(): void {
    for (const broker of this.brokers.values()) broker.start();
  }

  /** Creates what is missing; brokers learn of it a little later. */
  create(plans: readonly TopicPlan[]): void {
    const ids = [...this.brokers.keys()];
    for (const { topic, partitions, replicationFactor, minIsr } of plans) {
      if (this.#created.has(topic)) continue;
      this.#created.add(topic);
      for (let partition = 0; partition < partitions; partition += 1) {
        const first = this.#world.random.whole(0, ids.length - 1);
        const replicas = Array.from(
          { length: Math.min(replicationFactor, ids.length) },
          (_, at) => ids[(first + at) % ids.length]!,
        );
        for (const id of replicas) this.brokers.get(id)?.host({ topic, partition, minIsr });
        const state: PartitionState = {
          topic,
          partition,
          leader: replicas[0]!,
          epoch: 0,
          version: 0,
          isr: replicas,
          replicas,
        };
        this.controller.create(state, partitionKey(topic, partition));
      }
    }
    this.controller.announce();
  }

  partitionsOf(topic: string): number {
    return [...this.controller.partitions.values()].filter((state) => state.topic === topic).length;
  }

  clusterFor(process: SimProcess, host: string): KafkaCluster {
    return new SimCluster(process, host, this);
  }

  /** What is readable of a partition at its leader now. */
  committed(topic: string, partition: number): readonly LogEntry[] {
    const key = partitionKey(topic, partition);
    const state = this.controller.partitions.get(key);
    const replica = state === undefined ? undefined : this.brokers.get(state.leader)?.replicas.get(key);
    return replica === undefined ? [] : replica.log.slice(0, replica.highWatermark);
  }

  /** @throws Error when something that was readable is not on a leader: the model itself would be wrong. */
  check(): void {
    for (const broker of this.brokers.values()) {
      for (const [key, replica] of broker.replicas) {
        if (replica.role !== 'leader') continue;
        const known = this.#committed.get(key) ?? [];
        this.#committed.set(key, known);
        for (let at = 0; at < replica.highWatermark; at += 1) {
          const entry = replica.log[at]!;
          const before = known[at];
          if (before === undefined) known[at] = entry;
          else if (before.epoch !== entry.epoch || before.record !== entry.record)
            throw new Error(`the model took back what was readable: ${key} at ${at}`);
        }
      }
    }
  }

  #checkElected(state: PartitionState): void {
    this.check();
    const key = partitionKey(state.topic, state.partition);
    const log = this.brokers.get(state.leader)?.replicas.get(key)?.log;
    if (log === undefined) return;
    for (const [at, entry] of (this.#committed.get(key) ?? []).entries()) {
      if (log[at]?.record !== entry.record)
        throw new Error(`the model elected a leader that lacks what was readable: ${key} at ${at}`);
    }
  }
}
