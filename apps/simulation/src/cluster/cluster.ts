/** Relays, their Kafka and the edge before them: the product as it is deployed, in one world. */
import { createKafkaLog, type KafkaLogOptions } from '@parley/relay/kafka';
import type { Log } from '@parley/relay/log';
import { KafkaModel, type KafkaSettings } from '../kafka/model.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Edge } from './edge.ts';
import { logger } from './logger.ts';
import { Relay, type RelayDoors } from './relay.ts';

export interface ClusterSettings {
  relays: number;
  partitions: number;
  drainMs: number;
  kafka: KafkaSettings;
}

export interface ClusterOptions {
  world: World;
  settings: ClusterSettings;
  doors: RelayDoors;
}

/** A supervisor starts a process that ended again after this, in milliseconds. */
const RESTART_MS = 1_500;

export class Cluster {
  readonly kafka: KafkaModel;
  readonly relays: readonly Relay[];
  readonly edge: Edge;
  readonly #options: ClusterOptions;
  /** Relays that are meant to stay down for now. */
  readonly heldDown = new Set<Relay>();

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { world, settings, doors } = options;
    this.kafka = new KafkaModel(world, settings.kafka);
    this.relays = Array.from(
      { length: settings.relays },
      (_, at) =>
        new Relay({
          world,
          name: `relay-${at + 1}`,
          openLog: (process) => this.#openLog(process, `relay-${at + 1}`),
          doors,
          drainMs: settings.drainMs,
          onDown: (relay) => this.#restart(relay),
        }),
    );
    this.edge = new Edge(world, this.relays);
  }

  start(): void {
    this.kafka.start();
    for (const relay of this.relays) relay.start();
  }

  /** Everything runs, and the network is whole. */
  heal(): void {
    this.heldDown.clear();
    for (const relay of this.relays) relay.start();
    for (const broker of this.kafka.brokers.values()) broker.start();
  }

  #restart(relay: Relay): void {
    const { world } = this.#options;
    world.time.after(RESTART_MS * (0.5 + world.random.float()), `${relay.name} is started again`, () => {
      if (!this.heldDown.has(relay)) relay.start();
    });
  }

  #openLog(process: SimProcess, host: string): Log {
    const { world, settings } = this.#options;
    const { partitions, kafka } = settings;
    return createKafkaLog({
      brokers: [],
      node: host,
      clock: process.clock,
      random: process.random,
      logger: logger(world, process),
      partitions,
      replicationFactor: Math.min(3, kafka.brokers),
      minInsyncReplicas: Math.min(2, kafka.brokers),
      access: this.#access(process, host),
      defer: (callback) => process.soon(callback),
    });
  }

  // Creating and checking topics is kafkajs's and happens once: here it only needs a broker that answers.
  #access(process: SimProcess, host: string): NonNullable<KafkaLogOptions['access']> {
    const { kafka } = this;
    return {
      prepareTopics: async (names, { partitions, replicationFactor, minInsyncReplicas }) => {
        const cluster = kafka.clusterFor(process, host);
        const all = Object.values(names);
        await cluster.metadata(all);
        const plan = (topic: string, count: number, minIsr: number) => ({
          topic,
          partitions: count,
          replicationFactor,
          minIsr,
        });
        kafka.create([
          plan(names.log, partitions, minInsyncReplicas),
          plan(names.state, partitions, minInsyncReplicas),
          plan(names.dead, 1, minInsyncReplicas),
          plan(names.presence, 1, minInsyncReplicas),
          plan(names.signals, 1, 1),
        ]);
        for (const { error } of await cluster.metadata(all))
          if (error !== undefined) throw new Error(`a topic is not known yet: ${error}`);
        return { log: kafka.partitionsOf(names.log), state: kafka.partitionsOf(names.state) };
      },
      connect: () => kafka.clusterFor(process, host),
    };
  }
}
