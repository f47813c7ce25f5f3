import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ClusterHome } from './home.ts';
import type { Jit, KafkaJava } from './java.ts';
import type { Member, MemberProcess } from './member.ts';
import { freePort } from './ports.ts';
import { hasQuorum, knowsBrokers } from './probes.ts';

const BROKER_PROPERTIES = fileURLToPath(new URL('../kafka/broker.properties', import.meta.url));
const ZOO_CFG = fileURLToPath(new URL('../zookeeper/zoo.cfg', import.meta.url));

const READY_WITHIN_MS = 60_000;
// A killed broker's session lives on for some seconds, and ZooKeeper refuses the broker's next life while it does.
const STILL_REGISTERED = /NodeExistsException|already registered/u;

export interface KafkaMembers {
  zookeepers: MemberProcess[];
  brokers: MemberProcess[];
}

/** The members of a Kafka cluster, not started yet. */
export async function addKafka(
  home: ClusterHome,
  java: KafkaJava,
  shape: { zookeepers: number; brokers: number; jit?: Jit },
): Promise<KafkaMembers> {
  const zookeepers = await addZooKeepers(home, java, shape.zookeepers);
  const connect = addresses(zookeepers).join(',');
  const brokers: MemberProcess[] = [];
  for (let id = 1; id <= shape.brokers; id += 1) {
    const name = `kafka-${id}`;
    const port = await freePort();
    const own = {
      'broker.id': id,
      listeners: `INSIDE://127.0.0.1:${port}`,
      'advertised.listeners': `INSIDE://127.0.0.1:${port}`,
      'zookeeper.connect': connect,
      'log.dirs': `${home.folderOf(name)}/data`,
    };
    const overrides = Object.entries(own).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
    brokers.push(
      home.add({
        ...java.spec('kafka', [BROKER_PROPERTIES, ...overrides], shape.jit),
        name,
        kind: 'broker',
        port,
        isReady: () => knowsBrokers(port, 1),
        readyWithinMs: READY_WITHIN_MS,
        transientFailure: STILL_REGISTERED,
      }),
    );
  }
  return { zookeepers, brokers };
}

/** Starts ZooKeepers and brokers side by side; resolves when every broker knows all others. */
export async function startMembers({ zookeepers, brokers }: KafkaMembers): Promise<void> {
  await Promise.all([...zookeepers, ...brokers].map((member) => member.start()));
  for (const { port } of brokers) while (!(await knowsBrokers(port, brokers.length))) await delay(20);
}

/** `127.0.0.1:port` of each. */
export function addresses(members: readonly Member[]): string[] {
  return members.map(({ port }) => `127.0.0.1:${port}`);
}

async function addZooKeepers(home: ClusterHome, java: KafkaJava, count: number): Promise<MemberProcess[]> {
  const nodes: { id: number; port: number; server: string }[] = [];
  for (let id = 1; id <= count; id += 1) {
    const [port, peers, election] = [await freePort(), await freePort(), await freePort()];
    nodes.push({ id, port, server: `server.${id}=127.0.0.1:${peers}:${election}` });
  }
  const servers = count > 1 ? nodes.map(({ server }) => server) : [];
  return nodes.map(({ id, port }) => {
    const name = `zookeeper-${id}`;
    const folder = home.folderOf(name);
    const own = [`dataDir=${folder}`, `clientPort=${port}`, 'clientPortAddress=127.0.0.1', ...servers];
    writeFileSync(`${folder}/myid`, String(id));
    writeFileSync(`${folder}/zoo.cfg`, `${readFileSync(ZOO_CFG, 'utf8')}\n${own.join('\n')}\n`);
    return home.add({
      ...java.spec('zookeeper', [`${folder}/zoo.cfg`]),
      name,
      kind: 'zookeeper',
      port,
      isReady: () => hasQuorum(port),
      readyWithinMs: READY_WITHIN_MS,
    });
  });
}
