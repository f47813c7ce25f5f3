/**
 * The requests that the log makes, in versions that brokers from 2.3 to 4.x understand:
 * https://kafka.apache.org/protocol#protocol_api_keys
 */
import {
  type CommitRequest,
  type Fetched,
  type FetchRequest,
  type FoundOffset,
  KAFKA_ERRORS,
  type KafkaErrorName,
  type OffsetsRequest,
  type Produced,
  type ProduceRequest,
  type TopicInfo,
} from '../cluster.ts';
import { type ByteReader, ByteWriter } from './bytes.ts';
import { readBatches, writeBatch } from './record-batch.ts';

/** One kind of request: how it is written, and how its answer is read. */
export interface Api<Request, Answer> {
  key: number;
  version: number;
  write(writer: ByteWriter, request: Request): void;
  /** @throws RangeError, Error when the bytes are not such an answer. */
  read(reader: ByteReader, request: Request): Answer;
}

// What is decoded in less than 10 ms, so that the event loop is not held longer.
const FETCH_MOST_BYTES = 512 * 1024;
const NO_SESSION = { id: 0, epoch: -1 };
const ANY_EPOCH = -1;
const UNCOMMITTED = 0;

const ERRORS: ReadonlyMap<number, KafkaErrorName> = new Map(
  Object.entries(KAFKA_ERRORS).map(([code, name]) => [Number(code), name]),
);

function errorName(code: number): KafkaErrorName | undefined {
  return code === 0 ? undefined : (ERRORS.get(code) ?? `CODE_${code}`);
}

export interface Address {
  host: string;
  port: number;
}

export const METADATA: Api<readonly string[], { brokers: Map<number, Address>; topics: TopicInfo[] }> = {
  key: 3,
  version: 7,
  write(writer, topics) {
    // Nothing is created by asking for it.
    writer.array(topics, (topic) => writer.string(topic)).int8(0);
  },
  read(reader) {
    reader.int32();
    const brokers = new Map<number, Address>();
    reader.array(() => {
      brokers.set(reader.int32(), { host: reader.string(), port: reader.int32() });
      reader.nullableString();
    });
    reader.nullableString();
    reader.int32();
    return { brokers, topics: reader.array(() => readTopic(reader)) };
  },
};

function readTopic(reader: ByteReader): TopicInfo {
  const error = errorName(reader.int16());
  const topic = reader.string();
  reader.int8();
  const partitions = reader.array(() => {
    // Its error says what the other fields show as well: no leader, replicas that are not in sync.
    reader.int16();
    const partition = reader.int32();
    const leader = reader.int32();
    const leaderEpoch = reader.int32();
    const replicas = reader.array(() => reader.int32());
    const isr = reader.array(() => reader.int32());
    reader.array(() => reader.int32());
    return { topic, partition, leader, leaderEpoch, replicas, isr };
  });
  return { topic, error, partitions: partitions.toSorted((a, b) => a.partition - b.partition) };
}

export const PRODUCE: Api<ProduceRequest & { atMs: number }, Produced[]> = {
  key: 0,
  version: 7,
  write(writer, { acks, timeoutMs, batches, atMs }) {
    writer.string(null).int16(acks).int32(timeoutMs);
    writeByTopic(writer, batches, ({ partition, records }) => {
      const sizeAt = writer.int32(partition).length;
      writer.int32(0);
      writeBatch(writer, records, atMs);
      writer.setInt32(sizeAt, writer.length - sizeAt - 4);
    });
  },
  read(reader) {
    const produced = readByTopic(reader, (topic) => {
      const partition = reader.int32();
      const error = errorName(reader.int16());
      const offset = reader.int64();
      reader.skip(16);
      return { topic, partition, error, offset };
    });
    return produced;
  },
};

export const FETCH: Api<FetchRequest, Fetched[]> = {
  key: 1,
  version: 11,
  write(writer, { maxWaitMs, partitions }) {
    writer.int32(-1).int32(maxWaitMs).int32(1).int32(FETCH_MOST_BYTES).int8(UNCOMMITTED);
    writer.int32(NO_SESSION.id).int32(NO_SESSION.epoch);
    writeByTopic(writer, partitions, ({ partition, offset }) =>
      writer.int32(partition).int32(ANY_EPOCH).int64(offset).int64(-1).int32(FETCH_MOST_BYTES),
    );
    writer.int32(0).string('');
  },
  read(reader, { partitions }) {
    reader.int32();
    const failed = errorName(reader.int16());
    if (failed !== undefined) throw new Error(`the fetch was refused: ${failed}`);
    reader.int32();
    return readByTopic(reader, (topic) => readFetched(reader, topic, partitions));
  },
};

function readFetched(reader: ByteReader, topic: string, asked: FetchRequest['partitions']): Fetched {
  const partition = reader.int32();
  const error = errorName(reader.int16());
  const end = reader.int64();
  reader.skip(8);
  const start = reader.int64();
  const aborted = reader.int32();
  if (aborted > 0) reader.skip(aborted * 16);
  reader.int32();
  const bytes = reader.bytes();
  const from = asked.find((one) => one.topic === topic && one.partition === partition)?.offset ?? 0;
  try {
    return { topic, partition, error, end, start, ...readBatches(bytes, from) };
  } catch {
    // One partition that is damaged holds up no other.
    return { topic, partition, error: 'CORRUPT_MESSAGE', end: -1, start: -1, records: [], next: from };
  }
}

const TIMES = { start: -2, end: -1 } as const;

export const OFFSETS: Api<OffsetsRequest, FoundOffset[]> = {
  key: 2,
  version: 2,
  write(writer, { of, partitions }) {
    writer.int32(-1).int8(UNCOMMITTED);
    writeByTopic(writer, partitions, ({ partition }) => writer.int32(partition).int64(TIMES[of]));
  },
  read(reader) {
    reader.int32();
    return readByTopic(reader, (topic) => {
      const partition = reader.int32();
      const error = errorName(reader.int16());
      reader.skip(8);
      return { topic, partition, error, offset: reader.int64() };
    });
  },
};

const GROUP = 0;

export const FIND_COORDINATOR: Api<string, { error: KafkaErrorName | undefined; address: Address }> = {
  key: 10,
  version: 2,
  write(writer, group) {
    writer.string(group).int8(GROUP);
  },
  read(reader) {
    reader.int32();
    const error = errorName(reader.int16());
    reader.nullableString();
    reader.int32();
    return { error, address: { host: reader.string(), port: reader.int32() } };
  },
};

export const OFFSET_COMMIT: Api<CommitRequest, { error: KafkaErrorName | undefined }[]> = {
  key: 8,
  version: 2,
  write(writer, { group, partitions }) {
    // No generation and no member: the group has none. Kept as long as the broker keeps offsets.
    writer.string(group).int32(-1).string('').int64(-1);
    writeByTopic(writer, partitions, ({ partition, offset }) => writer.int32(partition).int64(offset).string(''));
  },
  read(reader) {
    return readByTopic(reader, () => {
      reader.int32();
      return { error: errorName(reader.int16()) };
    });
  },
};

function writeByTopic<Item extends { topic: string }>(
  writer: ByteWriter,
  items: readonly Item[],
  write: (item: Item) => void,
): void {
  const topics = [...Map.groupBy(items, ({ topic }) => topic)];
  writer.array(topics, ([topic, own]) => writer.string(topic).array(own, write));
}

function readByTopic<Item>(reader: ByteReader, read: (topic: string) => Item): Item[] {
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => read(topic));
    })
    .flat();
}

/** A request as it goes on the wire, its length in front. */
export function encodeRequest<Request>(
  api: Api<Request, unknown>,
  request: Request,
  { correlation, clientId }: { correlation: number; clientId: string },
): Buffer {
  const writer = new ByteWriter();
  writer.int32(0).int16(api.key).int16(api.version).int32(correlation).string(clientId);
  api.write(writer, request);
  writer.setInt32(0, writer.length - 4);
  return writer.done();
}
