/**
 * Reads all partitions of all topics, from every broker that leads some of them: one fetch at a time per broker, the next when
 * its records were taken. Each partition goes on by itself: one without a leader, or a broker that hangs, holds up no other.
 */
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import { errorText } from '../error-text.ts';
import type { Logger } from '../../logger.ts';
import type { Fetched, FetchRequest, KafkaCluster, KafkaErrorName, PartitionInfo } from './cluster.ts';
import { FetchPace } from './fetch-pace.ts';

// An answer comes as soon as there is a record; this is how often a quiet broker shows that it lives.
const MAX_WAIT_MS = 1000;
/** While some streams are full: they are to be read soon after they have room. */
const PART_WAIT_MS = 50;
const WATCH_EVERY_MS = 500;
/** A broker that is cut off from the others answers on, with nothing new: who leads is asked now and then all the same. */
const REFRESH_EVERY_MS = 3000;
/** So long a broker may take beyond MAX_WAIT_MS before the others are asked whether it still leads. */
const LATE_AFTER_MS = 500;
const LOOK_UP_FIRST_MS = 50;
const LOOK_UP_MOST_MS = 500;
/** No broker answered. */
const SILENT_AFTER_MS = 3000;
/** One partition was not read, while others were: longer than an election takes. */
const PARTITION_SILENT_AFTER_MS = 10_000;
/** A broker that answers nothing at once, again and again, is not asked in a busy loop. */
const EMPTY_FAST_MS = 5;
const EMPTY_MOST = 3;

/** One partition to read. */
export interface Stream {
  topic: string;
  partition: number;
  /** Offset to read next. */
  position(): number;
  /** Whether it has taken so much that nothing more should be fetched; `resume` is called when it has room again. */
  full(): boolean;
  accept(fetched: Fetched): void;
  /** A leader refused to read on. The stream may move its position. */
  refused(error: KafkaErrorName): void;
}

export interface FetcherOptions {
  cluster: KafkaCluster;
  streams: readonly Stream[];
  clock: Clock;
  logger: Logger;
  /** How long records may gather before they are fetched, in milliseconds. */
  gatherMs: () => number;
  /** Why records do not arrive, or undefined when they do; told again and again. */
  onReadable: (fault: string | undefined) => void;
}

export interface Fetcher {
  start(): void;
  /** A stream that was full has room. */
  resume(): void;
  /** Takes nothing more. */
  stop(): void;
}

interface Reading {
  stream: Stream;
  /** Who reads it; undefined while no leader is known. */
  loop: Loop | undefined;
  answeredMs: number;
  /** Of the leader that is known; older news are ignored. */
  leaderEpoch: number;
}

/** Fetches from one broker, one after the other. */
interface Loop {
  broker: number;
  lane: number;
  pace: FetchPace;
  started: boolean;
  /** Since when a fetch is under way. */
  askedMs: number | undefined;
  /** Ends the wait for room. */
  wake: (() => void) | undefined;
  emptyAnswers: number;
}

export function createFetcher(options: FetcherOptions): Fetcher {
  return new LeaderFetcher(options);
}

class LeaderFetcher implements Fetcher {
  readonly #options: FetcherOptions;
  readonly #readings: Reading[];
  readonly #loops = new Set<Loop>();
  #answeredMs: number;
  #stopped = false;
  #lookingUp = false;
  #lookedUpMs = 0;
  #cancelWatch: CancelTimer | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#answeredMs = options.clock.monotonicMs();
    this.#readings = options.streams.map((stream) => ({
      stream,
      loop: undefined,
      answeredMs: this.#answeredMs,
      leaderEpoch: -1,
    }));
  }

  start(): void {
    void this.#lookUp();
    this.#watch();
  }

  resume(): void {
    for (const { wake } of this.#loops) wake?.();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWatch?.();
    this.resume();
  }

  async #run(loop: Loop): Promise<void> {
    loop.started = true;
    while (!this.#stopped) {
      this.#takeOver(loop);
      const own = this.#readings.filter((reading) => reading.loop === loop);
      if (own.length === 0) break;
      const wanted = own.filter(({ stream }) => !stream.full());
      if (wanted.length === 0) await new Promise<void>((resolve) => (loop.wake = resolve));
      else await this.#fetch(loop, wanted, wanted.length < own.length ? PART_WAIT_MS : MAX_WAIT_MS);
      loop.wake = undefined;
    }
    this.#loops.delete(loop);
  }

  async #fetch(loop: Loop, wanted: readonly Reading[], maxWaitMs: number): Promise<void> {
    const { cluster, clock } = this.#options;
    const request: FetchRequest = {
      maxWaitMs,
      lane: loop.lane,
      partitions: wanted.map(({ stream }) => ({
        topic: stream.topic,
        partition: stream.partition,
        offset: stream.position(),
      })),
    };
    loop.askedMs = clock.monotonicMs();
    try {
      const answers = await cluster.fetch(loop.broker, request);
      const records = this.#take(loop, wanted, answers);
      const pauseMs = this.#pauseAfter(loop, records, answers);
      loop.askedMs = undefined;
      if (pauseMs > 0) await this.#sleep(pauseMs);
    } catch (error) {
      loop.askedMs = undefined;
      this.#options.logger.debug({ broker: loop.broker, reason: errorText(error) }, 'a fetch was not answered');
      this.#leave(wanted.filter((reading) => reading.loop === loop));
    }
  }

  /** @returns How many records came. */
  #take(loop: Loop, wanted: readonly Reading[], answers: readonly Fetched[]): number {
    if (this.#stopped) return 0;
    this.#answeredMs = this.#options.clock.monotonicMs();
    let records = 0;
    const left: Reading[] = [];
    for (const answer of answers) {
      const reading = wanted.find(
        ({ stream }) => stream.topic === answer.topic && stream.partition === answer.partition,
      );
      // Another broker leads it meanwhile, and is asked already.
      if (reading?.loop !== loop) continue;
      if (answer.error === undefined) {
        reading.answeredMs = this.#answeredMs;
        records += answer.records.length;
        reading.stream.accept(answer);
      } else {
        reading.stream.refused(answer.error);
        left.push(reading);
      }
    }
    this.#leave(left);
    return records;
  }

  #pauseAfter(loop: Loop, records: number, answers: readonly Fetched[]): number {
    const quick = this.#options.clock.monotonicMs() - (loop.askedMs ?? 0) < EMPTY_FAST_MS;
    const empty = quick && records === 0 && answers.every(({ error }) => error === undefined);
    loop.emptyAnswers = empty ? loop.emptyAnswers + 1 : 0;
    return loop.emptyAnswers > EMPTY_MOST ? LOOK_UP_FIRST_MS : loop.pace.pauseAfter(records, this.#options.gatherMs());
  }

  /** The broker does not answer for these: who does is found out. */
  #leave(readings: readonly Reading[]): void {
    if (readings.length === 0) return;
    for (const reading of readings) reading.loop = undefined;
    void this.#lookUp();
  }

  /** Asks until every partition has a leader and no broker is late; one search at a time. */
  async #lookUp(): Promise<void> {
    if (this.#lookingUp) return;
    this.#lookingUp = true;
    this.#lookedUpMs = this.#options.clock.monotonicMs();
    const topics = [...new Set(this.#readings.map(({ stream }) => stream.topic))];
    for (let delayMs = LOOK_UP_FIRST_MS; !this.#stopped; delayMs = Math.min(delayMs * 1.5, LOOK_UP_MOST_MS)) {
      try {
        const found = await this.#options.cluster.metadata(topics);
        this.#assign(found.flatMap(({ partitions }) => partitions));
      } catch (error) {
        this.#options.logger.debug({ reason: errorText(error) }, 'leaders are not known');
      }
      // Before the next try as well as after the last: a broker that refuses at once is not asked at once again.
      await this.#sleep(delayMs);
      if (this.#readings.every(({ loop }) => loop !== undefined) && !this.#someoneIsLate()) break;
    }
    this.#lookingUp = false;
  }

  #assign(partitions: readonly PartitionInfo[]): void {
    if (this.#stopped) return;
    for (const reading of this.#readings) {
      const { topic, partition } = reading.stream;
      const info = partitions.find((one) => one.topic === topic && one.partition === partition);
      // A broker that has just started, or is cut off, may know nothing or what was.
      if (info === undefined || info.leaderEpoch < reading.leaderEpoch) continue;
      reading.leaderEpoch = info.leaderEpoch;
      const { leader } = info;
      if (reading.loop?.broker !== leader) reading.loop = leader < 0 ? undefined : this.#loopOf(leader);
    }
    for (const loop of this.#loops) {
      loop.wake?.();
      if (!loop.started) void this.#run(loop);
    }
  }

  /** Lanes beside the lowest were for once: it takes up their partitions, and an answer that still comes to them is left. */
  #takeOver(loop: Loop): void {
    for (const reading of this.#readings)
      if (reading.loop?.broker === loop.broker && reading.loop.lane > loop.lane) reading.loop = loop;
  }

  /** One that takes up a partition at once. A fetch under way may wait for long, so beside it there is another. */
  #loopOf(broker: number): Loop {
    const all = [...this.#loops].filter((loop) => loop.broker === broker);
    const idle = all.find(({ askedMs }) => askedMs === undefined);
    if (idle !== undefined) return idle;
    const lanes = new Set(all.map(({ lane }) => lane));
    let lane = 0;
    while (lanes.has(lane)) lane += 1;
    const pace = new FetchPace(this.#options.clock);
    const loop: Loop = { broker, lane, pace, started: false, askedMs: undefined, wake: undefined, emptyAnswers: 0 };
    this.#loops.add(loop);
    return loop;
  }

  #someoneIsLate(): boolean {
    const now = this.#options.clock.monotonicMs();
    return [...this.#loops].some(({ askedMs }) => askedMs !== undefined && now - askedMs > MAX_WAIT_MS + LATE_AFTER_MS);
  }

  #watch(): void {
    this.#cancelWatch = this.#options.clock.setTimer(() => {
      if (this.#stopped) return;
      const now = this.#options.clock.monotonicMs();
      if (this.#someoneIsLate() || now - this.#lookedUpMs > REFRESH_EVERY_MS) void this.#lookUp();
      this.#options.onReadable(this.#fault());
      this.#watch();
    }, WATCH_EVERY_MS);
  }

  #fault(): string | undefined {
    const now = this.#options.clock.monotonicMs();
    // While a handler holds back nothing is fetched, which is no fault of Kafka.
    const asked = this.#readings.filter(({ stream }) => !stream.full());
    for (const reading of this.#readings) if (reading.stream.full()) reading.answeredMs = now;
    if (asked.length < this.#readings.length) this.#answeredMs = Math.max(this.#answeredMs, now - WATCH_EVERY_MS);
    const silentMs = now - this.#answeredMs;
    if (silentMs > SILENT_AFTER_MS) return `no broker answered for ${Math.round(silentMs / 1000)} s`;
    const quiet = asked.find(({ answeredMs }) => now - answeredMs > PARTITION_SILENT_AFTER_MS);
    if (quiet === undefined) return undefined;
    const { topic, partition } = quiet.stream;
    return `nothing could be read of ${topic}/${partition} for ${Math.round((now - quiet.answeredMs) / 1000)} s`;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(resolve, ms));
  }
}
