/**
 * The log in Kafka: topics `<prefix>.log`, `.state`, `.signals`, `.dead`. Sessions append through kafka/producer.ts; every
 * node reads everything by itself (kafka/fetcher.ts, kafka/inbox.ts) on to `onBatch`.
 */
import type { Clock, Random } from '@parley/protocol/environment';
import type { Logger } from '../logger.ts';
import { errorText } from './error-text.ts';
import type { KafkaRecord } from './kafka/cluster.ts';
import { accessOverTcp, type KafkaAccess, type OpenKafka, openKafka } from './kafka/open.ts';
import { partitionOf } from './kafka/partitioner.ts';
import { beginReading, type Reading } from './kafka/reading.ts';
import { topicNames, type TopicNames } from './kafka/topics.ts';
import { STOP_TIMEOUT_MS } from './limits.ts';
import {
  type Log,
  type LogHandlers,
  type LogPositions,
  LogRefusedError,
  LogUnavailableError,
  type Signal,
} from './log.ts';
import { byteLengthOf, encodeHead, type LoggedRecord, type RecordDraft } from './record.ts';
import { createStatusBoard, type StatusBoard } from './status-board.ts';

const RETRY_START_MS = 500;

export interface KafkaLogOptions {
  /** `host:port` of some brokers. */
  brokers: readonly string[];
  /** This node's name: brokers know it by it, and its consumer group is `<prefix>.<node>`. */
  node: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Default `parley`. */
  topicPrefix?: string;
  /** Of log and state where they do not exist yet; what exists keeps its own number. */
  partitions: number;
  replicationFactor: number;
  minInsyncReplicas: number;
  /** Another way to Kafka than over TCP to `brokers`. */
  access?: KafkaAccess;
  /** Calls back when other work of this process had its turn. Default `setImmediate`. */
  defer?: (callback: () => void) => void;
}

/** @returns A log that connects at `start`, and waits there until Kafka can be reached. */
export function createKafkaLog(options: KafkaLogOptions): Log {
  return new KafkaLog(options);
}

class KafkaLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #prefix: string;
  readonly #names: TopicNames;
  #open: OpenKafka | undefined;
  #reading: Reading | undefined;
  #stopped = false;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    this.#prefix = options.topicPrefix ?? 'parley';
    this.#names = topicNames(this.#prefix);
  }

  async start(handlers: LogHandlers): Promise<{ ends: LogPositions }> {
    const board = createStatusBoard((status) => {
      if (!this.#stopped) handlers.onStatus(status);
    });
    board.setReadFault('the log is being opened');
    try {
      this.#open = await this.#reach(board);
      const { node, clock, logger, defer = (callback) => void setImmediate(callback) } = this.#options;
      const group = `${this.#prefix}.${node}`;
      const options = { handlers, board, names: this.#names, group, clock, defer, logger };
      this.#reading = await beginReading(this.#open, options, () => this.#stopped);
      return { ends: this.#reading.ends };
    } catch (error) {
      // A stop that came meanwhile found nothing to close yet.
      await this.stop();
      this.#open?.close();
      throw error;
    }
  }

  append(draft: RecordDraft): Promise<void> {
    const { key, head, body } = draft;
    const partition = partitionOf(key, this.#open?.partitions.log ?? 1);
    const record: KafkaRecord = { key, value: body, headers: [['head', encodeHead(head)]] };
    return this.#write(this.#names.log, { partition, record, bytes: byteLengthOf(draft) });
  }

  putState(key: string, body: Uint8Array): Promise<void> {
    const partition = partitionOf(key, this.#open?.partitions.state ?? 1);
    const record: KafkaRecord = { key, value: body, headers: [] };
    return this.#write(this.#names.state, { partition, record, bytes: key.length + body.length });
  }

  publish(signal: Signal): void {
    this.#open?.signals.publish(signal);
  }

  announce(user: string, value: Uint8Array): Promise<void> {
    const record: KafkaRecord = { key: user, value, headers: [] };
    return this.#write(this.#names.presence, { partition: 0, record, bytes: user.length + value.length });
  }

  bury(partition: number, dead: LoggedRecord, reason: string): void {
    const { key, head, body, offset } = dead;
    const record: KafkaRecord = {
      key,
      value: body,
      headers: Object.entries({ head, reason, partition: String(partition), offset: String(offset) }),
    };
    const bytes = key.length + head.length + body.length + reason.length;
    this.#write(this.#names.dead, { partition: 0, record, bytes }).catch((error: unknown) =>
      this.#options.logger.warn({ err: error, partition, offset }, 'a dead letter was not written'),
    );
  }

  async ends(): Promise<LogPositions> {
    if (this.#open === undefined || this.#stopped) throw closedError();
    try {
      return await this.#open.ends();
    } catch (error) {
      throw new LogUnavailableError(`Kafka does not tell its ends: ${errorText(error)}`, {
        maybeWritten: false,
        cause: error,
      });
    }
  }

  async stop(): Promise<void> {
    const [open, reading] = [this.#open, this.#reading];
    if (this.#stopped) return;
    this.#stopped = true;
    const within = (work: Promise<unknown> | undefined): Promise<unknown> =>
      Promise.race([work, new Promise<void>((resolve) => this.#options.clock.setTimer(resolve, STOP_TIMEOUT_MS))]);
    await within(Promise.all([open?.producer.drained(), open?.signals.drained()]));
    await within(reading?.stop());
    open?.close();
  }

  #write(
    topic: string,
    { partition, record, bytes }: { partition: number; record: KafkaRecord; bytes: number },
  ): Promise<void> {
    if (this.#open === undefined || this.#stopped) return Promise.reject(closedError());
    return this.#open.producer.write(topic, partition, record, bytes);
  }

  // Brokers may start later than this node, and a part of them may be up: everything but a refusal is tried again.
  async #reach(board: StatusBoard): Promise<OpenKafka> {
    const { clock, logger, brokers, node } = this.#options;
    const access = this.#options.access ?? accessOverTcp({ brokers, clientId: `parley-${node}`, clock, logger });
    for (;;) {
      if (this.#stopped) throw closedError();
      try {
        return await openKafka({ ...this.#options, access }, { names: this.#names, board });
      } catch (error) {
        if (error instanceof LogRefusedError) throw error;
        const reason = `Kafka cannot be used yet: ${errorText(error)}`;
        logger.info({ reason }, 'waiting for Kafka');
        board.setReadFault(reason);
        board.setWriteFault(reason);
        await new Promise<void>((resolve) => clock.setTimer(resolve, RETRY_START_MS));
      }
    }
  }
}

function closedError(): LogUnavailableError {
  return new LogUnavailableError('the log is not open', { maybeWritten: false });
}
