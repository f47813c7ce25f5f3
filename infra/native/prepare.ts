import { ClusterHome } from './home.ts';
import { ensureKafkaJars } from './jars.ts';
import { KafkaJava } from './java.ts';
import { addKafka, startMembers } from './kafka-members.ts';

/**
 * Gets this machine ready to start Kafka: the jars from Maven and the archive of their classes, each once (some ten
 * seconds in all, afterwards milliseconds).
 * @throws Error that says what to install.
 */
export async function prepareKafka(log: (line: string) => void = () => undefined): Promise<KafkaJava> {
  const jars = await ensureKafkaJars(log);
  const java = new KafkaJava(jars);
  if (java.isTrained) return java;
  log('starting Kafka once, for an archive of its classes');
  const training = new KafkaJava(jars, true);
  const home = new ClusterHome();
  try {
    const { zookeepers, brokers } = await addKafka(home, training, { zookeepers: 1, brokers: 1 });
    await startMembers({ zookeepers, brokers });
    for (const member of [...brokers, ...zookeepers]) await member.stop();
    training.keepArchives();
  } finally {
    await home.close();
  }
  return java;
}
