import net from 'node:net';
import tls from 'node:tls';
import kafkajs, { type ISocketFactoryArgs, type Kafka, type KafkaConfig, type LogEntry } from 'kafkajs';
import type { Logger } from '../../logger.ts';

/** Where Kafka is and how to get in. */
export interface KafkaAccess {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Names this node in the brokers' logs and quotas. */
  clientId: string;
  sasl?: KafkaConfig['sasl'] | undefined;
  ssl?: KafkaConfig['ssl'] | undefined;
  logger: Logger;
}

// Under 5 s connections flap while brokers start.
const CONNECTION_TIMEOUT_MS = 5000;
const KEEP_ALIVE_MS = 60_000;

/** kafkajs retries briefly; whoever uses it decides what a failure means and tries again in its own time. */
const BRIEF_RETRY = { initialRetryTime: 50, maxRetryTime: 200, multiplier: 1.5, retries: 3 };

export function createKafkaClient(access: KafkaAccess, options: { requestTimeoutMs: number }): Kafka {
  return new kafkajs.Kafka({
    brokers: [...access.brokers],
    clientId: access.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: options.requestTimeoutMs,
    retry: BRIEF_RETRY,
    socketFactory: openSocket,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => logEntry(access.logger, entry),
    ...(access.sasl === undefined ? {} : { sasl: access.sasl }),
    ...(access.ssl === undefined ? {} : { ssl: access.ssl }),
  });
}

// Without TCP_NODELAY small requests wait for the acknowledgement of the packet before.
function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): net.Socket {
  const secure: unknown = ssl;
  const socket = secure
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

// What kafkajs calls an error is mostly a broker that went away, which is expected and retried.
function logEntry(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { timestamp: _timestamp, logger: _logger, message, stack: _stack, ...fields } = log;
  const all = { kafka: namespace, ...fields };
  if (level === kafkajs.logLevel.ERROR) logger.info(all, message);
  else logger.debug(all, message);
}
