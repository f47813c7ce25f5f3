import type { CancelTimer, Clock } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';
import { errorText } from '../error-text.ts';
import { createDelivery, type Delivery } from '../delivery.ts';
import { readGenesis } from '../genesis.ts';
import { type LogHandlers, type LogPositions, LogRefusedError, LogUnavailableError, type Topic } from '../log.ts';
import { checkPositions } from '../positions.ts';
import type { LoggedRecord } from '../record.ts';
import type { StatusBoard } from '../status-board.ts';
import type { FetchedRecord, KafkaCluster, KafkaErrorName } from './cluster.ts';
import { createFetcher, type Fetcher, type Stream } from './fetcher.ts';
import { createInbox, type Inbox } from './inbox.ts';
import type { OpenKafka } from './open.ts';
import { commitReadMarks, type ReadMark } from './read-marks.ts';
import { lookUpPartitions, offsetsOf, readOffsets, UnknownTopicError } from './partitions.ts';
import { headerOf, readSignal } from './signals.ts';
import type { TopicNames } from './topics.ts';

// A loss is believed when it is seen so often in a row: after an election the new leader may for a moment know less than it
// holds, and a broker that has just started knows no topic.
const LOSS_SEEN_TIMES = 3;
const WATCH_EVERY_MS = 3000;
const RETRY_MS = 200;
const GENESIS_WAIT_MS = 500;
/** Beside those of the fetcher. */
const GENESIS_LANE = -1;

export interface ReadingOptions {
  handlers: LogHandlers;
  board: StatusBoard;
  names: TopicNames;
  /** Consumer group under which Kafka's tools show how far this node has read. */
  group: string;
  clock: Clock;
  defer: (callback: () => void) => void;
  logger: Logger;
}

/** Records on their way from Kafka to the handlers. */
export interface Reading {
  /** Where log and state ended when it began. */
  readonly ends: LogPositions;
  /** No handler is called afterwards. */
  stop(): Promise<void>;
}

/**
 * Reads the epoch, asks the handlers where to go on, and reads on from there.
 * @param isStopped Ends the wait for a log that cannot be reached.
 * @throws LogRefusedError, what `onEpoch` threw, or LogUnavailableError when it was stopped meanwhile.
 */
export async function beginReading(
  open: OpenKafka,
  options: ReadingOptions,
  isStopped: () => boolean,
): Promise<Reading> {
  const { handlers, names, logger, clock } = options;
  const { cluster } = open;
  const when = { isStopped, clock, logger };
  const genesis = await whenReachable(() => firstRecord(cluster, names), when);
  const epoch = checkGenesis(genesis, open, names);
  const signals = await whenReachable(() => offsetsOf(cluster, [names.signals], 'end'), when);
  if (isStopped()) throw stoppedError();
  const from = handlers.onEpoch(epoch, open.partitions);
  const starts = await whenReachable(() => readOffsets(cluster, names, 'start'), when);
  const ends = await whenReachable(() => readOffsets(cluster, names, 'end'), when);
  if (isStopped()) throw stoppedError();
  const reader = new KafkaReader(open, options, {
    epoch,
    from: checkPositions(from, { starts, ends, logger }),
    ends,
    signals: signals.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset),
  });
  reader.start();
  return reader;
}

function stoppedError(): LogUnavailableError {
  return new LogUnavailableError('the log was stopped', { maybeWritten: false });
}

async function whenReachable<Result>(
  ask: () => Promise<Result>,
  { isStopped, clock, logger }: { isStopped: () => boolean; clock: Clock; logger: Logger },
): Promise<Result> {
  for (;;) {
    if (isStopped()) throw stoppedError();
    try {
      return await ask();
    } catch (error) {
      if (error instanceof LogRefusedError) throw error;
      logger.debug({ reason: errorText(error) }, 'Kafka does not answer yet');
      await new Promise<void>((resolve) => clock.setTimer(resolve, RETRY_MS));
    }
  }
}

/** Of partition 0 of the log. @throws When there is none yet, or no broker answers. */
async function firstRecord(cluster: KafkaCluster, names: TopicNames): Promise<FetchedRecord> {
  const [led] = await lookUpPartitions(cluster, [names.log]);
  const bounds = await cluster.offsets(led?.leader ?? -1, {
    of: 'start',
    partitions: [{ topic: names.log, partition: 0 }],
  });
  const partitions = [{ topic: names.log, partition: 0, offset: bounds[0]?.offset ?? 0 }];
  const [fetched] = await cluster.fetch(led?.leader ?? -1, {
    maxWaitMs: GENESIS_WAIT_MS,
    lane: GENESIS_LANE,
    partitions,
  });
  const record = fetched?.records[0];
  if (record === undefined) throw new Error(`the log is empty: ${fetched?.error ?? 'no record'}`);
  return record;
}

function checkGenesis(record: FetchedRecord, { partitions }: OpenKafka, names: TopicNames): string {
  const genesis = readGenesis(loggedRecord(record));
  if (genesis === undefined || record.offset !== 0)
    throw new LogRefusedError(
      `topic ${names.log} does not begin with a genesis record (partition 0 begins at offset ${record.offset}): it was not made by Parley, or something deleted from it`,
    );
  for (const topic of ['log', 'state'] as const) {
    const began = genesis.partitions?.[topic];
    if (began !== undefined && began !== partitions[topic])
      throw new LogRefusedError(
        `topic ${names[topic]} has ${partitions[topic]} partitions, but began with ${began}: keys would change their partition and lose their order; needed is ${began}`,
      );
  }
  return genesis.epoch;
}

function loggedRecord({ offset, key, value, headers }: FetchedRecord): LoggedRecord {
  return { offset, key, head: headerOf(headers, 'head'), body: value };
}

class KafkaReader implements Reading {
  readonly ends: LogPositions;
  readonly #open: OpenKafka;
  readonly #options: ReadingOptions;
  readonly #epoch: string;
  readonly #inbox: Inbox;
  readonly #delivery: Delivery;
  readonly #fetcher: Fetcher;
  /** For good: reading on would make this node differ from the others. */
  #lost: string | undefined;
  #lossSeen = 0;
  /** A leader refused to read on: the log may be another by now, even where it is as long as this one was. */
  #doubtful = false;
  #cancelWatch: CancelTimer | undefined;
  #endMarks: CancelTimer | undefined;
  #stopped = false;

  constructor(
    open: OpenKafka,
    options: ReadingOptions,
    start: { epoch: string; from: LogPositions; ends: LogPositions; signals: readonly number[] },
  ) {
    this.ends = start.ends;
    this.#open = open;
    this.#options = options;
    this.#epoch = start.epoch;
    const { handlers, clock, defer, logger, board } = options;
    this.#inbox = createInbox({
      from: start.from,
      onRecords: () => this.#delivery.wake(),
      onRoom: () => this.#fetcher.resume(),
    });
    this.#delivery = createDelivery([this.#inbox], {
      handlers,
      clock,
      defer,
      onFault: (reason) => this.#giveUp(reason),
      logger,
    });
    this.#fetcher = createFetcher({
      cluster: open.cluster,
      // A broker fills its answer in the order asked, and signals are few and urgent.
      streams: [...start.signals.map((end, partition) => this.#signalStream(partition, end)), ...this.#logStreams()],
      clock,
      logger,
      gatherMs: () => handlers.gatherMs?.() ?? 0,
      onReadable: (fault) => board.setReadFault(this.#lost ?? fault),
    });
  }

  start(): void {
    this.#fetcher.start();
    this.#options.board.setReadFault(undefined);
    this.#watchLog();
    const { group, clock, logger } = this.#options;
    this.#endMarks = commitReadMarks({ cluster: this.#open.cluster, group, marks: () => this.#marks(), clock, logger });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWatch?.();
    this.#endMarks?.();
    this.#fetcher.stop();
    await this.#delivery.stop();
  }

  /** All partitions of log and state. */
  #places(): [topic: Topic, partition: number][] {
    return (['log', 'state'] as const).flatMap((topic) =>
      Array.from({ length: this.#open.partitions[topic] }, (_, partition): [Topic, number] => [topic, partition]),
    );
  }

  #marks(): ReadMark[] {
    const { names } = this.#options;
    return this.#places().map(([topic, partition]) => ({
      topic: names[topic],
      partition,
      offset: this.#inbox.position(topic, partition),
    }));
  }

  #logStreams(): Stream[] {
    const { names } = this.#options;
    const inbox = this.#inbox;
    return this.#places().map(([topic, partition]) => ({
      topic: names[topic],
      partition,
      position: () => inbox.position(topic, partition),
      full: () => inbox.full,
      accept({ records, end, next }) {
        inbox.accept({ topic, partition, records: records.map(loggedRecord), end, next });
      },
      refused: (error) => this.#refused(topic, partition, error),
    }));
  }

  #signalStream(partition: number, end: number): Stream {
    const { names, handlers } = this.#options;
    let position = end;
    return {
      topic: names.signals,
      partition,
      position: () => position,
      full: () => false,
      accept: ({ records, next }) => {
        position = next;
        for (const record of records) {
          const signal = this.#stopped ? undefined : readSignal(record);
          if (signal !== undefined) handlers.onSignal(signal);
        }
      },
      refused: (error) => {
        if (error === 'OFFSET_OUT_OF_RANGE') void this.#moveToEnd(partition, (found) => (position = found));
      },
    };
  }

  // What was missed of the signals is stale.
  async #moveToEnd(partition: number, move: (end: number) => void): Promise<void> {
    const found = await offsetsOf(this.#open.cluster, [this.#options.names.signals], 'end').catch(() => []);
    const end = found.find((one) => one.partition === partition)?.offset;
    if (end !== undefined) move(end);
  }

  #refused(topic: Topic, partition: number, error: KafkaErrorName): void {
    this.#options.logger.debug({ topic, partition, error }, 'a leader refuses a fetch');
    this.#doubtful = true;
    // State is merged, not counted: reading all of it again is harmless.
    if (topic === 'state' && error === 'OFFSET_OUT_OF_RANGE') this.#inbox.move(topic, partition, 0);
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
    this.#lossSeen = loss === undefined ? 0 : this.#lossSeen + 1;
    if (loss !== undefined && this.#lossSeen >= LOSS_SEEN_TIMES) this.#giveUp(loss);
  }

  async #findLoss(): Promise<string | undefined> {
    const { names } = this.#options;
    const { cluster } = this.#open;
    // Taken before asking: while the answer is on its way both go on.
    const read = Array.from({ length: this.#open.partitions.log }, (_, at) => this.#inbox.position('log', at));
    const wasDoubtful = this.#doubtful;
    try {
      const ends = await offsetsOf(cluster, [names.log], 'end');
      const shrunk = ends.find(({ partition, offset }) => offset < (read[partition] ?? 0));
      if (shrunk !== undefined)
        return `${names.log} lost records: partition ${shrunk.partition} ends before what was read of it`;
      if (!wasDoubtful) return undefined;
      const epoch = readGenesis(loggedRecord(await firstRecord(cluster, names)))?.epoch;
      if (epoch !== this.#epoch) return 'the log was made anew: it has another epoch';
      this.#doubtful = false;
      return undefined;
    } catch (error) {
      // Anything else is a Kafka that cannot be reached, which the fetcher sees.
      return error instanceof UnknownTopicError ? `topic ${names.log} does not exist any more` : undefined;
    }
  }

  #giveUp(reason: string): void {
    if (this.#stopped || this.#lost !== undefined) return;
    this.#lost = reason;
    this.#options.logger.error({ reason }, 'reading stops: this node must be started anew');
    this.#options.board.giveUp(reason);
    this.#fetcher.stop();
    void this.#delivery.stop();
  }
}
