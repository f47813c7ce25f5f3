import type { Clock, Random } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';
import { makeGenesis } from '../genesis.ts';
import type { LogPositions } from '../log.ts';
import { byteLengthOf, encodeHead } from '../record.ts';
import type { StatusBoard } from '../status-board.ts';
import { withAdmin } from './admin.ts';
import type { KafkaCluster, KafkaRecord } from './cluster.ts';
import { lookUpExisting, readOffsets } from './partitions.ts';
import { createPartitionedProducer, type PartitionedProducer } from './producer.ts';
import { createSignalSender, type SignalSender } from './signals.ts';
import { checkTopics, createTopics, type TopicNames, type TopicWishes } from './topics.ts';
import { connectBrokers } from './wire/brokers.ts';

/** A way to Kafka. */
export interface KafkaAccess {
  /** Creates the topics that are missing and checks the others. @throws LogRefusedError, or anything when it is worth trying again. */
  prepareTopics(names: TopicNames, wishes: TopicWishes): Promise<{ log: number; state: number }>;
  connect(): KafkaCluster;
}

export interface OpenOptions extends TopicWishes {
  access: KafkaAccess;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Connected, with topics that are there and sound, and a log that has its first record. */
export interface OpenKafka {
  cluster: KafkaCluster;
  partitions: { log: number; state: number };
  producer: PartitionedProducer;
  signals: SignalSender;
  ends(): Promise<LogPositions>;
  close(): void;
}

/** @param options.brokers `host:port` of some brokers; the others are found through them. */
export function accessOverTcp(options: {
  brokers: readonly string[];
  clientId: string;
  clock: Clock;
  logger: Logger;
}): KafkaAccess {
  return {
    prepareTopics: (names, wishes) =>
      withAdmin(options, async (admin) => {
        await createTopics(admin, names, wishes);
        return checkTopics(admin, names, { wishes, logger: options.logger });
      }),
    connect: () => connectBrokers(options),
  };
}

/**
 * One try to get everything ready; every step may be repeated.
 * @throws LogRefusedError, or anything else when it is worth trying again.
 */
export async function openKafka(
  options: OpenOptions,
  { names, board }: { names: TopicNames; board: StatusBoard },
): Promise<OpenKafka> {
  const { access, clock, logger } = options;
  const partitions = await access.prepareTopics(names, options);
  const cluster = access.connect();
  let producer: PartitionedProducer | undefined;
  try {
    const opened = await openProducer(cluster, options, { names, board, partitions });
    producer = opened;
    const { log } = await readOffsets(cluster, names, 'end');
    if (log[0] === 0) await writeGenesis(opened, options, { names, partitions });
    const signals = createSignalSender({ cluster, topic: names.signals, clock, logger });
    return {
      cluster,
      partitions,
      producer: opened,
      signals,
      ends: () => readOffsets(cluster, names, 'end'),
      close() {
        opened.close();
        signals.close();
        cluster.close();
      },
    };
  } catch (error) {
    producer?.close();
    cluster.close();
    throw error;
  }
}

async function openProducer(
  cluster: KafkaCluster,
  { minInsyncReplicas, clock, logger }: OpenOptions,
  { names, board, partitions }: { names: TopicNames; board: StatusBoard; partitions: { log: number; state: number } },
): Promise<PartitionedProducer> {
  // One that somebody deleted must not hide the leaders of the others.
  const lookUp = () => lookUpExisting(cluster, [names.log, names.state, names.dead, names.presence]);
  const found = await lookUp();
  // A broker that has just started knows the topics only a moment later; what it leaves out could never be written to.
  const wanted = new Map([
    [names.log, partitions.log],
    [names.state, partitions.state],
    [names.dead, 1],
    [names.presence, 1],
  ]);
  for (const [topic, count] of wanted)
    if (found.filter((partition) => partition.topic === topic).length < count)
      throw new Error(`a broker does not know all partitions of ${topic} yet`);
  board.setWriteFault(undefined);
  return createPartitionedProducer({
    cluster,
    partitions: found,
    lookUp,
    minInsyncReplicas,
    clock,
    logger,
    onFault: (reason) => board.setWriteFault(reason),
    minorTopics: [names.dead, names.presence],
  });
}

// Other nodes may do the same now: the lowest offset counts, and everybody reads it back.
async function writeGenesis(
  producer: PartitionedProducer,
  options: OpenOptions,
  { names, partitions }: { names: TopicNames; partitions: { log: number; state: number } },
): Promise<void> {
  const genesis = makeGenesis(partitions, options);
  const record: KafkaRecord = { key: genesis.key, value: genesis.body, headers: [['head', encodeHead(genesis.head)]] };
  await producer.write(names.log, 0, record, byteLengthOf(genesis));
  options.logger.info({ topic: names.log }, 'the log was empty: wrote its genesis');
}
