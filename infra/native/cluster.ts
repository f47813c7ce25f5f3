import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ClusterHome } from './home.ts';
import type { KafkaJava } from './java.ts';
import { addKafka, addresses, startMembers } from './kafka-members.ts';
import type { KafkaMembers } from './kafka-members.ts';
import { kafkaShape } from './kafka.ts';
import type { KafkaCluster, KafkaOptions } from './kafka.ts';
import type { Member, MemberProcess } from './member.ts';
import { addNginx } from './nginx.ts';
import { freePort } from './ports.ts';
import { prepareKafka } from './prepare.ts';
import { addRelays } from './relays.ts';

const RELAY_GRACE_MS = 2_000;

export interface ClusterOptions extends KafkaOptions {
  /** Default 3. */
  relays?: number;
  /** Of Nginx, on 127.0.0.1. 0 and the default: one that is free. */
  port?: number;
  /** Added to and overriding the environment of every relay. */
  relayEnv?: Readonly<Record<string, string>>;
  /** Another program than `apps/relay/src/main.ts`, for tests of the cluster itself. */
  relayMain?: string;
}

/** Nginx, relays, brokers and ZooKeepers, all of them processes of this machine. */
export interface Cluster extends KafkaCluster {
  /** `http://localhost:port` of Nginx. */
  readonly url: string;
  readonly nginx: Member;
  readonly relays: readonly Member[];
  /** All members, in the order in which they start. */
  readonly members: readonly Member[];
  /** `kill -9` of every member at once, then all of them again with the same data; resolves when everything works. */
  restartAll(): Promise<void>;
}

/**
 * Starts a whole cluster and resolves when every relay is ready and Nginx serves.
 * Nothing outlives this process: a keeper beside it ends every member when it is gone, also after `kill -9`.
 * @throws Error with the end of a member's log when it does not start, or with what to install.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const java = await prepareKafka(options.log);
  const home = new ClusterHome(options.dataDir);
  try {
    const parts = await addMembers(home, java, options);
    await startParts(parts);
    return describe(parts, home);
  } catch (error) {
    await home.close();
    throw error;
  }
}

interface Parts extends KafkaMembers {
  relays: MemberProcess[];
  nginx: MemberProcess;
}

async function addMembers(home: ClusterHome, java: KafkaJava, options: ClusterOptions): Promise<Parts> {
  const kafka = await addKafka(home, java, kafkaShape(options));
  const frontPort = options.port === undefined || options.port === 0 ? await freePort() : options.port;
  const relays = await addRelays(home, {
    count: options.relays ?? 3,
    kafkaBrokers: addresses(kafka.brokers),
    frontPort,
    sessionSecret: sessionSecretOf(home),
    ...(options.relayMain === undefined ? {} : { main: options.relayMain }),
    ...(options.relayEnv === undefined ? {} : { env: options.relayEnv }),
  });
  return { ...kafka, relays, nginx: addNginx(home, frontPort, relays) };
}

// Nginx last: it then has no memory of relays that did not answer yet.
async function startParts(parts: Parts): Promise<void> {
  await startMembers(parts);
  await Promise.all(parts.relays.map((relay) => relay.start()));
  await parts.nginx.start();
}

function describe(parts: Parts, home: ClusterHome): Cluster {
  const { zookeepers, brokers, relays, nginx } = parts;
  const members = [...zookeepers, ...brokers, ...relays, nginx];
  return {
    url: `http://localhost:${nginx.port}`,
    zookeepers,
    brokers,
    relays,
    nginx,
    members,
    kafkaBrokers: addresses(brokers),
    dataDir: home.dataDir,
    async restartAll() {
      await Promise.all(members.map((member) => member.kill()));
      await startParts(parts);
    },
    async stop() {
      await nginx.kill();
      await Promise.all(relays.map((relay) => relay.stop(RELAY_GRACE_MS)));
      await home.close();
    },
  };
}

// Kept with the data, so that who signed in stays signed in when the cluster comes back.
function sessionSecretOf(home: ClusterHome): string {
  const file = `${home.dataDir}/session-secret`;
  if (!existsSync(file)) writeFileSync(file, randomBytes(48).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}
