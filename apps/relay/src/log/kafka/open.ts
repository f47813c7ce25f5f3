import type { Clock, Random } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';
import { makeGenesis } from '../genesis.ts';
import type { LogPositions } from '../log.ts';
import { byteLengthOf, encodeHead } from '../record.ts';
import type { StatusBoard } from '../status-board.ts';
import type { KafkaAccess } from './client.ts';
import { type Connections, connect } from './connections.ts';
import { lookUpPartitions, readBounds } from './offsets.ts';
import { createPartitionedProducer, type PartitionedProducer } from './producer.ts';
import { bufferOf, createSignalSender, type SignalSender } from './signals.ts';
import { checkTopics, createTopics, type TopicNames, type TopicWishes } from './topics.ts';

export interface OpenOptions extends TopicWishes, Omit<KafkaAccess, 'clientId'> {
  node: string;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** Connected, with topics that are there and sound, and a log that has its first record. */
export interface OpenKafka {
  connections: Connections;
  partitions: { log: number; state: number };
  producer: PartitionedProducer;
  signals: SignalSender;
  ends(): Promise<LogPositions>;
  close(): Promise<void>;
}

/**
 * One try to get everything ready; every step may be repeated.
 * @throws LogRefusedError, or anything else when it is worth trying again.
 */
export async function openKafka(
  options: OpenOptions,
  { names, board }: { names: TopicNames; board: StatusBoard },
): Promise<OpenKafka> {
  const connections = await connect({ ...options, clientId: `parley-${options.node}` }, options.clock);
  try {
    const { admin, signalProducer } = connections;
    await admin.use((part) => createTopics(part, names, options));
    const partitions = await admin.use((part) => checkTopics(part, names, { wishes: options, logger: options.logger }));
    const producer = await openProducer(connections, options, { names, board });
    const { ends } = await readBounds(admin, names);
    if (ends.log[0] === 0) await writeGenesis(producer, options, { names, partitions });
    const signals = createSignalSender((batch) => signalProducer.use((part) => part.send(batch)), {
      topic: names.signals,
      logger: options.logger,
    });
    return {
      connections,
      partitions,
      producer,
      signals,
      ends: async () => (await readBounds(admin, names)).ends,
      close: async () => {
        producer.close();
        signals.close();
        await connections.close();
      },
    };
  } catch (error) {
    await connections.close();
    throw error;
  }
}

async function openProducer(
  { admin, producer }: Connections,
  { minInsyncReplicas, clock, logger }: OpenOptions,
  { names, board }: { names: TopicNames; board: StatusBoard },
): Promise<PartitionedProducer> {
  const lookUp = () => lookUpPartitions(admin, names, minInsyncReplicas);
  board.setWriteFault(undefined);
  return createPartitionedProducer({
    sendBatch: (batch) => producer.use((part) => part.sendBatch(batch)),
    partitions: await lookUp(),
    lookUp,
    clock,
    logger,
    onFault: (reason) => board.setWriteFault(reason),
    minorTopic: names.dead,
  });
}

// Other nodes may do the same now: the lowest offset counts, and everybody reads it back.
async function writeGenesis(
  producer: PartitionedProducer,
  options: OpenOptions,
  { names, partitions }: { names: TopicNames; partitions: { log: number; state: number } },
): Promise<void> {
  const genesis = makeGenesis(partitions, options);
  const message = { key: genesis.key, value: bufferOf(genesis.body), headers: { head: encodeHead(genesis.head) } };
  await producer.write(names.log, 0, { ...message, partition: 0 }, byteLengthOf(genesis));
  options.logger.info({ topic: names.log }, 'the log was empty: wrote its genesis');
}
