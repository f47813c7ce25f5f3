/**
 * Appends to Kafka with acks=all. Every partition has its own queue and one request in flight, so its order holds over
 * retries; partitions with one leader share a request, because a broker answers one request of a connection at a time.
 */
import type { Clock } from '@parley/protocol/environment';
import { errorText } from '../error-text.ts';
import type { Logger } from '../../logger.ts';
import { LogUnavailableError } from '../log.ts';
import { createWriteQueue, type Pending, type WriteQueue } from '../write-queue.ts';
import {
  type KafkaCluster,
  type KafkaErrorName,
  type KafkaRecord,
  NoAnswerError,
  type PartitionInfo,
} from './cluster.ts';
import { MAX_MESSAGE_BYTES } from './topics.ts';

// A broker that dies is an in-sync follower until its session ends: all acks wait for that, some 4.5 s with 3 s sessions.
const APPEND_WITHIN_MS = 10_000;
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 300;
const PROBE_EVERY_MS = 500;
// What Kafka adds to a record (header names, lengths, deltas) and to a batch, generously.
const RECORD_OVERHEAD_BYTES = 80;
const BATCH_MOST = { records: 500, bytes: MAX_MESSAGE_BYTES - 1024 };

// A round trip longer than this says that the cores are busy, with requests for the most part. A pause as long before
// the next one makes fewer and larger requests, and so shorter round trips; a quiet cluster never pauses.
const PAUSE_FROM_MS = 8;
const PAUSE_MOST_MS = 40;

/** The broker's own limit on waiting for replicas. */
const ACK_TIMEOUT_MS = 6000;
/** An answer that takes longer may come from a broker that hangs: whether it still leads is then asked again and again. */
const LATE_AFTER_MS = 1000;

/** Refused before anything was written: not enough replicas to begin with, or refused by its content. */
const NEVER_WRITTEN: ReadonlySet<KafkaErrorName> = new Set<KafkaErrorName>([
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'TOPIC_AUTHORIZATION_FAILED',
  'INVALID_RECORD',
  'CORRUPT_MESSAGE',
  'POLICY_VIOLATION',
]);

export interface PartitionedProducer {
  /** @throws LogUnavailableError (as a rejection), RangeError for a record that never fits. */
  write(topic: string, partition: number, record: KafkaRecord, bytes: number): Promise<void>;
  /** Resolves when nothing waits and nothing is in flight. */
  drained(): Promise<void>;
  /** Takes no more, and fails what is still waiting. */
  close(): void;
}

interface Lane {
  topic: string;
  partition: number;
  queue: WriteQueue<KafkaRecord>;
  busy: boolean;
  /** Why its last append was given up; it takes none until a probe finds it writable. */
  fault: string | undefined;
}

export interface ProducerOptions {
  cluster: Pick<KafkaCluster, 'produce'>;
  partitions: readonly PartitionInfo[];
  /** Asks the cluster for all partitions. */
  lookUp: () => Promise<PartitionInfo[]>;
  /** A partition with fewer in-sync replicas takes no appends. */
  minInsyncReplicas: number;
  clock: Clock;
  logger: Logger;
  /** Told with the reason when a partition takes no appends, with undefined when all do again. */
  onFault: (reason: string | undefined) => void;
  /** Topics whose faults concern no one but their own writes. */
  minorTopics?: readonly string[];
}

export function createPartitionedProducer(options: ProducerOptions): PartitionedProducer {
  return new LaneProducer(options);
}

class LaneProducer implements PartitionedProducer {
  readonly #options: ProducerOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Leader of every lane as far as known. A wrong one costs a request, never order. */
  readonly #leaders = new Map<string, number>();
  readonly #busyLeaders = new Set<number>();
  readonly #idle = new Set<() => void>();
  #inFlight = 0;
  #closed = false;
  #lookingUp: Promise<void> | undefined;
  #probing = false;

  constructor(options: ProducerOptions) {
    this.#options = options;
    for (const { topic, partition, leader } of options.partitions) {
      const key = laneKey(topic, partition);
      this.#lanes.set(key, { topic, partition, queue: createWriteQueue(), busy: false, fault: undefined });
      this.#leaders.set(key, leader);
    }
  }

  write(topic: string, partition: number, record: KafkaRecord, bytes: number): Promise<void> {
    const lane = this.#lanes.get(laneKey(topic, partition));
    if (lane === undefined || this.#closed) return Promise.reject(unavailable('the log is not open', false));
    if (lane.fault !== undefined) return Promise.reject(unavailable(lane.fault, false));
    const written = lane.queue.push(record, bytes + RECORD_OVERHEAD_BYTES);
    this.#pump(this.#leaderOf(lane));
    return written;
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.add(resolve);
      this.#checkIdle();
    });
  }

  close(): void {
    this.#closed = true;
    for (const lane of this.#lanes.values()) failWaiting(lane, 'the log was closed');
  }

  /** Sends what waits in the lanes of one leader, if nothing is on its way to it. */
  #pump(leader: number): void {
    if (this.#busyLeaders.has(leader)) return;
    const parts: Part[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.busy || lane.queue.length === 0 || this.#leaderOf(lane) !== leader) continue;
      lane.busy = true;
      parts.push({ lane, batch: lane.queue.take(BATCH_MOST) });
    }
    if (parts.length === 0) return;
    this.#busyLeaders.add(leader);
    void this.#sendTogether(parts, leader);
  }

  /** What waited for one broker may be another's to take by now. */
  #pumpAll(): void {
    for (const leader of new Set(this.#leaders.values())) this.#pump(leader);
  }

  async #sendTogether(parts: readonly Part[], leader: number): Promise<void> {
    const startedMs = this.#options.clock.monotonicMs();
    const deadline = startedMs + APPEND_WITHIN_MS;
    this.#inFlight += 1;
    const failures = await this.#send(parts, leader);
    for (const part of parts) {
      const failure = failures.get(part);
      if (failure === undefined) succeed(part);
      // Each on its own from here on, so that one partition without a leader does not hold up the others.
      else void this.#retry(part, { deadline, failure });
    }
    this.#inFlight -= 1;
    const pauseMs = failures.size > 0 ? 0 : pauseAfter(this.#options.clock.monotonicMs() - startedMs);
    if (pauseMs > 0) await this.#sleep(pauseMs);
    this.#busyLeaders.delete(leader);
    this.#pumpAll();
    this.#checkIdle();
  }

  /** Tries one partition until it succeeds or its time is over; nothing else of it is sent meanwhile. */
  async #retry(part: Part, { deadline, failure: first }: { deadline: number; failure: Failure }): Promise<void> {
    const { clock, logger } = this.#options;
    const { lane } = part;
    let failure = first;
    this.#inFlight += 1;
    for (let delayMs = RETRY_FIRST_MS; lane.busy; delayMs = Math.min(delayMs * 1.5, RETRY_MOST_MS)) {
      if (this.#closed || clock.monotonicMs() + delayMs > deadline) {
        this.#giveUp(part, failure);
        break;
      }
      await this.#sleep(delayMs);
      await this.#lookUp();
      const again = (await this.#send([part], this.#leaderOf(lane))).get(part);
      if (again === undefined) {
        succeed(part);
        break;
      }
      failure = { reason: again.reason, maybeWritten: failure.maybeWritten || again.maybeWritten };
      logger.debug({ topic: lane.topic, partition: lane.partition, reason: again.reason }, 'append retried');
    }
    this.#inFlight -= 1;
    this.#pump(this.#leaderOf(lane));
    this.#checkIdle();
  }

  /** One request. @returns What failed of it, and why. */
  async #send(parts: readonly Part[], leader: number): Promise<Map<Part, Failure>> {
    const failAll = (failure: Failure): Map<Part, Failure> => new Map(parts.map((part) => [part, failure]));
    if (leader < 0) return failAll({ reason: 'it has no leader', maybeWritten: false });
    const batches = parts.map(({ lane: { topic, partition }, batch }) => ({
      topic,
      partition,
      records: batch.map(({ item }) => item),
    }));
    try {
      const asked = this.#options.cluster.produce(leader, { acks: -1, timeoutMs: ACK_TIMEOUT_MS, batches });
      const answers = await this.#unlessMoved(asked, parts, leader);
      const failures = new Map<Part, Failure>();
      for (const part of parts) {
        const { topic, partition } = part.lane;
        const answer = answers.find((one) => one.topic === topic && one.partition === partition);
        if (answer === undefined) failures.set(part, { reason: 'the answer leaves it out', maybeWritten: true });
        else if (answer.error !== undefined)
          failures.set(part, { reason: answer.error, maybeWritten: !NEVER_WRITTEN.has(answer.error) });
      }
      return failures;
    } catch (error) {
      const maybeWritten = error instanceof NoAnswerError ? error.maybeArrived : true;
      return failAll({ reason: errorText(error), maybeWritten });
    }
  }

  /**
   * Waits for an answer, but not for one of a broker that leads none of it any more: whatever it wrote after another was
   * elected never was on all replicas, and what it wrote before, the other has.
   */
  async #unlessMoved<Answer>(asked: Promise<Answer>, parts: readonly Part[], leader: number): Promise<Answer> {
    const settled = asked.then(
      () => true,
      () => true,
    );
    for (;;) {
      const timer = Promise.withResolvers<false>();
      const cancel = this.#options.clock.setTimer(() => timer.resolve(false), LATE_AFTER_MS);
      const isSettled = await Promise.race([settled, timer.promise]);
      cancel();
      if (isSettled) return asked;
      await Promise.race([this.#lookUp(), settled]);
      if (!parts.some(({ lane }) => this.#leaderOf(lane) === leader))
        throw new NoAnswerError(`broker ${leader} hangs, and others lead now`, { maybeArrived: true });
    }
  }

  #giveUp({ lane, batch }: Part, failure: Failure): void {
    const reason = `Kafka takes no appends on ${lane.topic}/${lane.partition}: ${failure.reason}`;
    for (const { reject } of batch) reject(unavailable(reason, failure.maybeWritten));
    failWaiting(lane, reason);
    lane.busy = false;
    lane.fault = reason;
    if (!this.#isMinor(lane.topic)) this.#options.onFault(reason);
    void this.#probe();
  }

  // Whoever was told of a fault may stop appending, so recovery is found without an append.
  async #probe(): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    while (!this.#closed) {
      const faults = [...this.#lanes.values()].filter(({ fault }) => fault !== undefined);
      if (faults.length === 0) break;
      await this.#sleep(PROBE_EVERY_MS);
      const states = await this.#options.lookUp().catch(() => []);
      for (const { topic, partition, leader, isr } of states) {
        const lane = this.#lanes.get(laneKey(topic, partition));
        if (lane === undefined || leader < 0 || isr.length < this.#options.minInsyncReplicas) continue;
        lane.fault = undefined;
        this.#leaders.set(laneKey(topic, partition), leader);
      }
      this.#pumpAll();
      const left = [...this.#lanes.values()].find(({ fault, topic }) => fault !== undefined && !this.#isMinor(topic));
      if (!this.#closed) this.#options.onFault(left?.fault);
    }
    this.#probing = false;
  }

  /** Shared by all who ask at once. */
  #lookUp(): Promise<void> {
    this.#lookingUp ??= (async () => {
      try {
        for (const { topic, partition, leader } of await this.#options.lookUp())
          this.#leaders.set(laneKey(topic, partition), leader);
        this.#pumpAll();
      } catch (error) {
        this.#options.logger.debug({ reason: errorText(error) }, 'leaders not known');
      } finally {
        this.#lookingUp = undefined;
      }
    })();
    return this.#lookingUp;
  }

  #isMinor(topic: string): boolean {
    return this.#options.minorTopics?.includes(topic) === true;
  }

  #leaderOf(lane: Lane): number {
    return this.#leaders.get(laneKey(lane.topic, lane.partition)) ?? -1;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(resolve, ms));
  }

  #checkIdle(): void {
    if (this.#inFlight > 0 || [...this.#lanes.values()].some(({ busy, queue }) => busy || queue.length > 0)) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }
}

interface Part {
  lane: Lane;
  batch: Pending<KafkaRecord>[];
}

interface Failure {
  reason: string;
  /** Whether this attempt, or one before it, may have been written all the same. */
  maybeWritten: boolean;
}

function pauseAfter(roundTripMs: number): number {
  return roundTripMs < PAUSE_FROM_MS ? 0 : Math.min(roundTripMs, PAUSE_MOST_MS);
}

function succeed({ lane, batch }: Part): void {
  lane.busy = false;
  for (const { resolve } of batch) resolve();
}

function failWaiting(lane: Lane, reason: string): void {
  lane.queue.rejectAll(unavailable(reason, false));
}

function laneKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

function unavailable(reason: string, maybeWritten: boolean): LogUnavailableError {
  return new LogUnavailableError(reason, { maybeWritten });
}
