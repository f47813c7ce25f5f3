/**
 * What the log asks of a Kafka cluster: single requests to single brokers, each sent once. Whoever asks decides what a
 * failure means and when to try again. Implemented over TCP by wire/; a simulation answers from a model.
 */

/** A record as Kafka keeps it. */
export interface KafkaRecord {
  key: string;
  value: Uint8Array;
  /** In the order they were written. */
  headers: readonly (readonly [name: string, value: string])[];
}

export interface FetchedRecord extends KafkaRecord {
  offset: number;
}

/** Who leads a partition, as the broker asked knows it. */
export interface PartitionInfo {
  topic: string;
  partition: number;
  /** Id of the leading broker; -1 when it has none. */
  leader: number;
  replicas: readonly number[];
  /** Grows with every election. */
  leaderEpoch: number;
  /** In-sync replicas. */
  isr: readonly number[];
}

export interface TopicInfo {
  topic: string;
  error: KafkaErrorName | undefined;
  /** Ascending by partition. */
  partitions: readonly PartitionInfo[];
}

interface InPartition {
  topic: string;
  partition: number;
}

export interface ProduceRequest {
  /** -1: all in-sync replicas have it before the answer. 1: the leader has it. */
  acks: -1 | 1;
  /** How long the broker waits for the replicas. */
  timeoutMs: number;
  /** One for each partition; written as a whole or not at all. */
  batches: readonly (InPartition & { records: readonly KafkaRecord[] })[];
}

export interface Produced extends InPartition {
  error: KafkaErrorName | undefined;
  /** Of the first record; -1 with an error. */
  offset: number;
}

export interface FetchRequest {
  /** How long the broker waits for something to come. */
  maxWaitMs: number;
  /** Fetches of one broker that wait at the same time have different lanes: within one they are answered in turn. */
  lane: number;
  /** Where to read on. */
  partitions: readonly (InPartition & { offset: number })[];
}

export interface Fetched extends InPartition {
  error: KafkaErrorName | undefined;
  /** The offset that the next record gets, as far as all in-sync replicas have it; -1 with an error. */
  end: number;
  /** Offset of the oldest record still held; -1 with an error. */
  start: number;
  /** Ascending by offset, none before the one asked for. */
  records: readonly FetchedRecord[];
  /** Where to read on: after `records` and after what is none (markers of transactions, records compacted away). */
  next: number;
}

export interface OffsetsRequest {
  of: 'start' | 'end';
  partitions: readonly InPartition[];
}

export interface FoundOffset extends InPartition {
  error: KafkaErrorName | undefined;
  offset: number;
}

/** How far a consumer group has read, for tools that show its lag. */
export interface CommitRequest {
  group: string;
  partitions: readonly (InPartition & { offset: number })[];
}

/** Every call rejects with a NoAnswerError when no usable answer came. */
export interface KafkaCluster {
  /** From any broker that answers. A topic that does not exist comes with an error. */
  metadata(topics: readonly string[]): Promise<TopicInfo[]>;
  produce(broker: number, request: ProduceRequest): Promise<Produced[]>;
  fetch(broker: number, request: FetchRequest): Promise<Fetched[]>;
  offsets(broker: number, request: OffsetsRequest): Promise<FoundOffset[]>;
  /** Of a group without members. @throws Error when the group's coordinator refuses. */
  commitOffsets(request: CommitRequest): Promise<void>;
  /** Calls under way are rejected. */
  close(): void;
}

export class NoAnswerError extends Error {
  /** Whether the request may have reached a broker. */
  readonly maybeArrived: boolean;
  constructor(message: string, options: { maybeArrived: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = 'NoAnswerError';
    this.maybeArrived = options.maybeArrived;
  }
}

/** Errors of https://kafka.apache.org/protocol#protocol_error_codes that the log meets; any other is `CODE_<number>`. */
export const KAFKA_ERRORS = {
  [-1]: 'UNKNOWN_SERVER_ERROR',
  1: 'OFFSET_OUT_OF_RANGE',
  2: 'CORRUPT_MESSAGE',
  3: 'UNKNOWN_TOPIC_OR_PARTITION',
  5: 'LEADER_NOT_AVAILABLE',
  6: 'NOT_LEADER_OR_FOLLOWER',
  7: 'REQUEST_TIMED_OUT',
  9: 'REPLICA_NOT_AVAILABLE',
  10: 'MESSAGE_TOO_LARGE',
  14: 'COORDINATOR_LOAD_IN_PROGRESS',
  15: 'COORDINATOR_NOT_AVAILABLE',
  16: 'NOT_COORDINATOR',
  17: 'INVALID_TOPIC_EXCEPTION',
  18: 'RECORD_LIST_TOO_LARGE',
  19: 'NOT_ENOUGH_REPLICAS',
  20: 'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  29: 'TOPIC_AUTHORIZATION_FAILED',
  31: 'CLUSTER_AUTHORIZATION_FAILED',
  35: 'UNSUPPORTED_VERSION',
  44: 'POLICY_VIOLATION',
  56: 'KAFKA_STORAGE_ERROR',
  74: 'FENCED_LEADER_EPOCH',
  75: 'UNKNOWN_LEADER_EPOCH',
  78: 'OFFSET_NOT_AVAILABLE',
  87: 'INVALID_RECORD',
} as const;

export type KafkaErrorName = (typeof KAFKA_ERRORS)[keyof typeof KAFKA_ERRORS] | `CODE_${number}`;
