/**
 * One broker's copy of one partition: the log, what of it is known to be on all in-sync replicas, and the part that the broker plays in it.
 * The rules are Kafka's (KIP-101, KIP-279, KIP-497): see the sources' `Partition`, `ReplicaManager` and `LeaderEpochFileCache`.
 */
import type { KafkaErrorName, KafkaRecord } from '@parley/relay/kafka-cluster';

export interface LogEntry {
  /** Of the leader that wrote it: with the offset it names the entry for ever. */
  epoch: number;
  record: KafkaRecord;
}

/** What the controller says of a partition. */
export interface PartitionState {
  topic: string;
  partition: number;
  leader: number;
  epoch: number;
  /** Raised by every change of `isr`. */
  version: number;
  isr: readonly number[];
  replicas: readonly number[];
}

interface Follower {
  /** -1: it has not asked this leader yet. */
  end: number;
  /** When it had everything that the leader had. */
  caughtUpAt: number;
  /** The leader's end and the time of its last fetch. */
  lastEnd: number;
  lastAt: number;
}

interface WaitingAppend {
  /** High watermark that makes it durable. */
  until: number;
  settle: (error: KafkaErrorName | undefined) => void;
}

/** A follower's question for one partition. */
export interface ReplicaFetch {
  key: string;
  /** The leader epoch that the follower knows. */
  epoch: number;
  end: number;
  /** Of the follower's last entry; -1 where it has none. */
  lastEpoch: number;
}

export type ReplicaAnswer =
  | { key: string; epoch: number; error: KafkaErrorName }
  /** What the follower has beyond this never was committed. */
  | { key: string; epoch: number; diverging: { epoch: number; end: number } }
  | { key: string; epoch: number; from: number; entries: readonly LogEntry[]; highWatermark: number };

/** The broker's checkpoint of high watermarks is so old at most, in milliseconds. */
const CHECKPOINT_MS = 5_000;

export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export class Replica {
  readonly broker: number;
  readonly key: string;
  readonly topic: string;
  readonly partition: number;
  readonly minIsr: number;
  /** Survives the broker. */
  log: LogEntry[] = [];
  highWatermark = 0;
  #checkpoint = 0;
  #checkpointAt = 0;
  role: 'none' | 'leader' | 'follower' = 'none';
  leader = -1;
  epoch = -1;
  version = -1;
  isr: readonly number[] = [];
  replicas: readonly number[] = [];
  /** In-sync replicas that were proposed to the controller and are not confirmed. */
  proposed: readonly number[] | undefined;
  /** Where this leader's epoch began. */
  epochStart = 0;
  readonly followers = new Map<number, Follower>();
  readonly #appends = new Set<WaitingAppend>();
  /** Called when there is more to read, or when somebody else leads. */
  readonly watchers = new Set<() => void>();

  constructor(broker: number, place: { topic: string; partition: number; minIsr: number }) {
    this.broker = broker;
    this.topic = place.topic;
    this.partition = place.partition;
    this.minIsr = place.minIsr;
    this.key = partitionKey(place.topic, place.partition);
  }

  get lastEpoch(): number {
    return this.log.at(-1)?.epoch ?? -1;
  }

  /** The broker begins again: what it only knew is gone, what it only had checkpointed of the watermark is old. */
  restart(): void {
    this.role = 'none';
    this.leader = -1;
    this.epoch = -1;
    this.version = -1;
    this.isr = [];
    this.proposed = undefined;
    this.highWatermark = Math.min(this.#checkpoint, this.log.length);
    this.followers.clear();
    this.#appends.clear();
    this.watchers.clear();
  }

  /** The controller's word. @returns Whether this replica follows another leader, or another epoch of it, from now on. */
  become(state: PartitionState, now: number): boolean {
    if (state.epoch < this.epoch || (state.epoch === this.epoch && state.version <= this.version)) return false;
    const isNewEpoch = state.epoch > this.epoch;
    const wasLeader = this.role === 'leader';
    this.epoch = state.epoch;
    this.version = state.version;
    this.isr = state.isr;
    this.replicas = state.replicas;
    this.leader = state.leader;
    this.proposed = undefined;
    if (state.leader === this.broker) {
      if (isNewEpoch) this.epochStart = this.log.length;
      if (!wasLeader) {
        this.role = 'leader';
        this.followers.clear();
      }
      for (const other of state.replicas) {
        if (other !== this.broker && !this.followers.has(other))
          this.followers.set(other, { end: -1, caughtUpAt: now, lastEnd: 0, lastAt: now });
      }
      this.advance(now);
      this.#wake();
      return false;
    }
    this.role = 'follower';
    this.#giveUp();
    return isNewEpoch;
  }

  /** @returns The first offset. */
  append(records: readonly KafkaRecord[], now: number): number {
    const first = this.log.length;
    for (const record of records) this.log.push({ epoch: this.epoch, record });
    for (const watch of this.watchers) watch();
    this.advance(now);
    return first;
  }

  /** Settles once everything before `until` is on all in-sync replicas; at once where it is. */
  whenDurable(until: number, settle: (error: KafkaErrorName | undefined) => void): () => boolean {
    const waiting: WaitingAppend = { until, settle };
    this.#appends.add(waiting);
    this.#settleAppends();
    return () => this.#appends.delete(waiting);
  }

  /** A follower asks: what it has, it has. */
  serve(follower: number, fetch: ReplicaFetch, now: number): ReplicaAnswer {
    const { key } = this;
    if (this.role !== 'leader') return { key, epoch: fetch.epoch, error: 'NOT_LEADER_OR_FOLLOWER' };
    if (fetch.epoch !== this.epoch)
      return {
        key,
        epoch: fetch.epoch,
        error: fetch.epoch < this.epoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH',
      };
    const { epoch } = this;
    if (fetch.end > 0) {
      const found = this.endOf(fetch.lastEpoch);
      if (found.epoch < fetch.lastEpoch || found.end < fetch.end) return { key, epoch, diverging: found };
    }
    const known = this.followers.get(follower);
    if (known !== undefined) {
      known.end = fetch.end;
      if (fetch.end >= this.log.length) known.caughtUpAt = now;
      else if (fetch.end >= known.lastEnd) known.caughtUpAt = Math.max(known.caughtUpAt, known.lastAt);
      known.lastEnd = this.log.length;
      known.lastAt = now;
    }
    this.advance(now);
    return {
      key,
      epoch,
      from: fetch.end,
      entries: this.log.slice(fetch.end, fetch.end + 500),
      highWatermark: this.highWatermark,
    };
  }

  /** The largest epoch that is not above this one, and where it ended. */
  endOf(epoch: number): { epoch: number; end: number } {
    let end = this.log.length;
    while (end > 0 && this.log[end - 1]!.epoch > epoch) end -= 1;
    return { epoch: this.log[end - 1]?.epoch ?? -1, end };
  }

  /** A leader's answer. @returns Whether it is worth asking again at once. */
  take(answer: ReplicaAnswer, now: number): boolean {
    if (this.role !== 'follower' || answer.epoch !== this.epoch || 'error' in answer) return false;
    if ('diverging' in answer) {
      const own = this.endOf(answer.diverging.epoch);
      this.log.length = Math.min(own.end, answer.diverging.end);
      this.#setHighWatermark(Math.min(this.highWatermark, this.log.length), now);
      return true;
    }
    if (answer.from !== this.log.length) return true;
    for (const entry of answer.entries) this.log.push(entry);
    this.#setHighWatermark(Math.min(answer.highWatermark, this.log.length), now);
    return true;
  }

  /** In-sync replicas as they count for the watermark: also those that may be in it by now. */
  get #largestIsr(): ReadonlySet<number> {
    return new Set([...this.isr, ...(this.proposed ?? [])]);
  }

  advance(now: number): void {
    if (this.role !== 'leader') return;
    let least = this.log.length;
    for (const other of this.#largestIsr) {
      if (other !== this.broker) least = Math.min(least, this.followers.get(other)?.end ?? 0);
    }
    if (least <= this.highWatermark) return;
    this.#setHighWatermark(least, now);
    this.#settleAppends();
    this.#wake();
  }

  #setHighWatermark(mark: number, now: number): void {
    if (now - this.#checkpointAt > CHECKPOINT_MS) {
      this.#checkpoint = this.highWatermark;
      this.#checkpointAt = now;
    }
    this.highWatermark = mark;
  }

  #settleAppends(): void {
    for (const waiting of this.#appends) {
      if (this.highWatermark < waiting.until) continue;
      this.#appends.delete(waiting);
      waiting.settle(this.isr.length < this.minIsr ? 'NOT_ENOUGH_REPLICAS_AFTER_APPEND' : undefined);
    }
  }

  #giveUp(): void {
    const waiting = [...this.#appends];
    this.#appends.clear();
    for (const { settle } of waiting) settle('NOT_LEADER_OR_FOLLOWER');
    this.#wake();
  }

  #wake(): void {
    for (const watch of this.watchers) watch();
  }
}
