/**
 * The log in Kafka: topics `<prefix>.log`, `.state`, `.signals`, `.dead`. Sessions append through kafka/producer.ts; every
 * node reads everything through a consumer group of its own (kafka/supervisor.ts, kafka/inbox.ts) on to `onBatch`.
 */
import type { Clock, Random } from '@parley/protocol/environment';
import type { Logger } from '../logger.ts';
import type { KafkaAccess } from './kafka/client.ts';
import { partitionOf } from './kafka/partitioner.ts';
import { innermostText } from './kafka/kafka-error.ts';
import { type OpenKafka, openKafka } from './kafka/open.ts';
import { type Reading, createReading } from './kafka/reading.ts';
import { bufferOf } from './kafka/signals.ts';
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
  /** This node's name and the number of its life: together they name its consumer group. */
  node: string;
  incarnation: string;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Default `parley`. */
  topicPrefix?: string;
  /** Of log and state where they do not exist yet; what exists keeps its own number. */
  partitions: number;
  replicationFactor: number;
  minInsyncReplicas: number;
  sasl?: KafkaAccess['sasl'];
  ssl?: KafkaAccess['ssl'];
}

/** @returns A log that connects at `start`, and waits there until Kafka can be reached. */
export function createKafkaLog(options: KafkaLogOptions): Log {
  return new KafkaLog(options);
}

class KafkaLog implements Log {
  readonly #options: KafkaLogOptions;
  readonly #names: TopicNames;
  #open: OpenKafka | undefined;
  #reading: Reading | undefined;
  #stopped = false;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    this.#names = topicNames(options.topicPrefix ?? 'parley');
  }

  async start(handlers: LogHandlers): Promise<{ ends: LogPositions }> {
    const board = createStatusBoard((status) => {
      if (!this.#stopped) handlers.onStatus(status);
    });
    board.setReadFault('the log is being opened');
    try {
      this.#open = await this.#reach(board);
      const { clock, logger, node, incarnation } = this.#options;
      this.#reading = await createReading(this.#open, {
        handlers,
        board,
        groupPrefix: `parley.${node}.${incarnation}`,
        names: this.#names,
        clock,
        logger,
      });
      await this.#reading.begin();
      return { ends: await this.ends() };
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  append(draft: RecordDraft): Promise<void> {
    const partition = partitionOf(draft.key, this.#open?.partitions.log ?? 1);
    const message = {
      key: draft.key,
      value: bufferOf(draft.body),
      headers: { head: encodeHead(draft.head) },
      partition,
    };
    return this.#write(this.#names.log, message, byteLengthOf(draft));
  }

  putState(key: string, body: Uint8Array): Promise<void> {
    const partition = partitionOf(key, this.#open?.partitions.state ?? 1);
    return this.#write(this.#names.state, { key, value: bufferOf(body), partition }, key.length + body.length);
  }

  publish(signal: Signal): void {
    this.#open?.signals.publish(signal);
  }

  bury(partition: number, record: LoggedRecord, reason: string): void {
    const { key, head, body, offset } = record;
    const headers = { head, reason, partition: String(partition), offset: String(offset) };
    const message = { key, value: bufferOf(body), headers, partition: 0 };
    this.#write(this.#names.dead, message, key.length + head.length + body.length + reason.length).catch(
      (error: unknown) => this.#options.logger.warn({ err: error, partition, offset }, 'a dead letter was not written'),
    );
  }

  async ends(): Promise<LogPositions> {
    if (this.#open === undefined || this.#stopped) throw closedError();
    try {
      return await this.#open.ends();
    } catch (error) {
      throw new LogUnavailableError(`Kafka does not tell its ends: ${innermostText(error)}`, {
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
    await within(open?.producer.drained());
    await within(reading?.stop());
    await within(open?.close());
  }

  #write(topic: string, message: Parameters<OpenKafka['producer']['write']>[2] & { partition: number }, bytes: number) {
    if (this.#open === undefined || this.#stopped) return Promise.reject(closedError());
    return this.#open.producer.write(topic, message.partition, message, bytes);
  }

  // Brokers may start later than this node, and a part of them may be up: everything but a refusal is tried again.
  async #reach(board: StatusBoard): Promise<OpenKafka> {
    const { clock, logger } = this.#options;
    for (;;) {
      if (this.#stopped) throw closedError();
      try {
        return await openKafka(this.#options, { names: this.#names, board });
      } catch (error) {
        if (error instanceof LogRefusedError) throw error;
        const reason = `Kafka cannot be used yet: ${innermostText(error)}`;
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
