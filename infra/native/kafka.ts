import { ClusterHome } from './home.ts';
import { addKafka, addresses, startMembers } from './kafka-members.ts';
import type { Jit } from './java.ts';
import type { Member } from './member.ts';
import { prepareKafka } from './prepare.ts';

export interface KafkaOptions {
  /** Default 3. Topics want three copies (broker.properties), so fewer is for tests that make their own topics. */
  brokers?: number;
  /** Default 3. */
  zookeepers?: number;
  /** How much the brokers' JVMs optimise; `quick` unless told. `full` is for long runs and figures. */
  jit?: Jit;
  /** Where data and logs go and stay. Default: a temporary folder that `stop` deletes. */
  dataDir?: string;
  log?: (line: string) => void;
}

/** Brokers and ZooKeepers without relays. */
export interface KafkaCluster {
  readonly zookeepers: readonly Member[];
  readonly brokers: readonly Member[];
  /** `127.0.0.1:port` of every broker. */
  readonly kafkaBrokers: readonly string[];
  readonly dataDir: string;
  /** Ends every process; the data is deleted if it was temporary. */
  stop(): Promise<void>;
}

/**
 * Starts ZooKeepers and brokers as plain processes and resolves when every broker knows all others.
 * @throws Error with the end of a member's log when it does not start, or with what to install.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const java = await prepareKafka(options.log);
  const home = new ClusterHome(options.dataDir);
  try {
    const { zookeepers, brokers } = await addKafka(home, java, kafkaShape(options));
    await startMembers({ zookeepers, brokers });
    return { zookeepers, brokers, kafkaBrokers: addresses(brokers), dataDir: home.dataDir, stop: () => home.close() };
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** The options with their defaults. */
export function kafkaShape({
  zookeepers = 3,
  brokers = 3,
  jit = 'quick',
}: KafkaOptions): Required<Pick<KafkaOptions, 'zookeepers' | 'brokers' | 'jit'>> {
  return { zookeepers, brokers, jit };
}
