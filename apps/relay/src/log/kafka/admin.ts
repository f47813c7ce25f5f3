import kafkajs, { type Admin, type LogEntry } from 'kafkajs';
import type { Logger } from '../../logger.ts';

export interface KafkaAccess {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Names this node in the brokers' logs and quotas. */
  clientId: string;
}

// Under 5 s connections flap while brokers start.
const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 7000;
/** Whoever uses it decides what a failure means and tries again in its own time. */
const BRIEF_RETRY = { initialRetryTime: 50, maxRetryTime: 200, multiplier: 1.5, retries: 3 };

/** For work on topics; it is over when the work is. @throws When no broker can be reached, or what `work` throws. */
export async function withAdmin<Result>(
  access: KafkaAccess & { logger: Logger },
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = new kafkajs.Kafka({
    brokers: [...access.brokers],
    clientId: access.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: BRIEF_RETRY,
    logLevel: kafkajs.logLevel.WARN,
    logCreator: () => (entry) => logEntry(access.logger, entry),
  }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

// What kafkajs calls an error is mostly a broker that went away, which is expected and retried.
function logEntry(logger: Logger, { level, namespace, log }: LogEntry): void {
  const { timestamp: _timestamp, logger: _logger, message, stack: _stack, ...fields } = log;
  const all = { kafka: namespace, ...fields };
  if (level === kafkajs.logLevel.ERROR) logger.info(all, message);
  else logger.debug(all, message);
}
