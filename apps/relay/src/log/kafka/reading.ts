import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';
import { createDelivery, type Delivery } from '../delivery.ts';
import { readGenesis } from '../genesis.ts';
import { type LogHandlers, type LogPositions, LogRefusedError, LogUnavailableError, type Topic } from '../log.ts';
import { checkPositions } from '../positions.ts';
import type { LoggedRecord } from '../record.ts';
import type { StatusBoard } from '../status-board.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { readBounds, readEnds } from './offsets.ts';
import type { OpenKafka } from './open.ts';
import { isUnknownTopic } from './kafka-error.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import type { TopicNames } from './topics.ts';

// A loss is believed when it is seen twice: after an election the new leader may for a moment know less than it holds.
const WATCH_EVERY_MS = 3000;

export interface ReadingOptions {
  handlers: LogHandlers;
  board: StatusBoard;
  groupPrefix: string;
  names: TopicNames;
  clock: Clock;
  logger: Logger;
}

/** Records on their way from Kafka to the handlers. */
export interface Reading {
  /**
   * Joins, reads the epoch, asks the handlers where to go on, and reads on from there.
   * @throws LogRefusedError, what `onEpoch` threw, or LogUnavailableError when it was stopped meanwhile.
   */
  begin(): Promise<void>;
  /** No handler is called afterwards. */
  stop(): Promise<void>;
}

export async function createReading(open: OpenKafka, options: ReadingOptions): Promise<Reading> {
  const { admin } = open.connections;
  const [{ ends }, signals] = await Promise.all([
    readBounds(admin, options.names),
    readEnds(admin, options.names.signals),
  ]);
  // Only the beginning of partition 0 is wanted until the epoch is known.
  return new KafkaReader(open, options, { positions: { ...ends, log: ends.log.with(0, 0) }, signals });
}

class KafkaReader implements Reading {
  readonly #open: OpenKafka;
  readonly #options: ReadingOptions;
  readonly #inbox: Inbox;
  readonly #delivery: Delivery;
  readonly #supervisor: Supervisor;
  #epoch: string | undefined;
  /** For good: reading on would make this node differ from the others. */
  #lost: string | undefined;
  #suspected: string | undefined;
  #cancelWatch: CancelTimer | undefined;
  #stopped = false;
  readonly #stop = Promise.withResolvers<never>();

  constructor(open: OpenKafka, options: ReadingOptions, start: { positions: LogPositions; signals: number[] }) {
    this.#open = open;
    this.#options = options;
    const { handlers, clock, logger, names, board, groupPrefix } = options;
    this.#inbox = createInbox({
      start: start.positions,
      onRecords: () => this.#delivery.wake(),
      onGap: () => this.#supervisor.seek(),
      onRewind: (topic, partition, record) => this.#checkEpoch(topic, partition, record),
      logger,
    });
    this.#delivery = createDelivery([this.#inbox], {
      handlers,
      clock,
      defer: (callback) => void setImmediate(callback),
      onFault: (reason) => this.#giveUp(reason),
      logger,
    });
    this.#supervisor = createSupervisor({
      kafka: open.connections.consumers,
      groupPrefix,
      names,
      inbox: this.#inbox,
      signalPositions: start.signals,
      onSignal: (signal) => {
        if (this.#epoch !== undefined && !this.#stopped) handlers.onSignal(signal);
      },
      onReadable: (fault) => board.setReadFault(this.#lost ?? fault ?? this.#notBegun()),
      clock,
      logger,
    });
    // Nobody may be waiting for it.
    this.#stop.promise.catch(() => {});
  }

  async begin(): Promise<void> {
    const { handlers, names, logger } = this.#options;
    this.#supervisor.start();
    const genesis = this.#readGenesis(await Promise.race([this.#inbox.firstRecord, this.#stop.promise]));
    const from = handlers.onEpoch(genesis, this.#open.partitions);
    const { starts, ends } = await readBounds(this.#open.connections.admin, names);
    this.#inbox.open(checkPositions(from, { starts, ends, logger }));
    this.#epoch = genesis;
    this.#supervisor.seek();
    this.#options.board.setReadFault(undefined);
    this.#watchLog();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWatch?.();
    this.#stop.reject(new LogUnavailableError('the log was stopped', { maybeWritten: false }));
    await Promise.all([this.#delivery.stop(), this.#supervisor.stop()]);
  }

  #notBegun(): string | undefined {
    return this.#epoch === undefined ? 'the epoch is not known yet' : undefined;
  }

  #readGenesis(record: LoggedRecord): string {
    const { names } = this.#options;
    const genesis = readGenesis(record);
    if (genesis === undefined || record.offset !== 0)
      throw new LogRefusedError(
        `topic ${names.log} does not begin with a genesis record (partition 0 begins at offset ${record.offset}): it was not made by Parley, or something deleted from it`,
      );
    const { partitions } = this.#open;
    for (const topic of ['log', 'state'] as const) {
      const began = genesis.partitions?.[topic];
      if (began !== undefined && began !== partitions[topic])
        throw new LogRefusedError(
          `topic ${names[topic]} has ${partitions[topic]} partitions, but began with ${began}: keys would change their partition and lose their order; needed is ${began}`,
        );
    }
    return genesis.epoch;
  }

  // The log may be deleted, or made anew, while it is read; Kafka tells no consumer.
  #watchLog(): void {
    this.#cancelWatch = this.#options.clock.setTimer(() => {
      void this.#checkLog().finally(() => {
        if (!this.#stopped && this.#lost === undefined) this.#watchLog();
      });
    }, WATCH_EVERY_MS);
  }

  async #checkLog(): Promise<void> {
    const loss = await this.#findLoss();
    if (loss === undefined || loss !== this.#suspected) this.#suspected = loss;
    else this.#giveUp(loss);
  }

  async #findLoss(): Promise<string | undefined> {
    const { names } = this.#options;
    // Taken before asking: while the answer is on its way both go on.
    const read = Array.from({ length: this.#open.partitions.log }, (_, at) => this.#inbox.position('log', at));
    try {
      const ends = await readEnds(this.#open.connections.admin, names.log);
      const shrunk = ends.findIndex((end, partition) => end < (read[partition] ?? 0));
      return shrunk < 0 ? undefined : `${names.log} lost records: partition ${shrunk} ends before what was read of it`;
    } catch (error) {
      // Anything else is a Kafka that cannot be reached, which the supervisor sees.
      return isUnknownTopic(error) ? `topic ${names.log} does not exist any more` : undefined;
    }
  }

  #checkEpoch(topic: Topic, partition: number, record: LoggedRecord): void {
    if (topic !== 'log' || partition !== 0 || record.offset !== 0) return;
    if (readGenesis(record)?.epoch !== this.#epoch) this.#giveUp('the log was made anew: it has another epoch');
  }

  #giveUp(reason: string): void {
    if (this.#stopped || this.#lost !== undefined) return;
    this.#lost = reason;
    this.#options.logger.error({ reason }, 'reading stops: this node must be started anew');
    this.#options.board.giveUp(reason);
    void this.#delivery.stop();
  }
}
