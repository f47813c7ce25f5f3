/** Record batches, format 2: https://kafka.apache.org/documentation/#recordbatch */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { FetchedRecord, KafkaRecord } from '../cluster.ts';
import { ByteReader, type ByteWriter, varintSize } from './bytes.ts';
import { crc32c } from './crc32c.ts';

const FORMAT = 2;
// Offset and length, which the length does not count.
const PREFIX_BYTES = 12;
// From the beginning to the checksum's end, and to the first record.
const CHECKED_FROM = 21;
const HEADER_BYTES = 61;
const CONTROL = 0x20;
const COMPRESSION = 0x07;
const DECOMPRESSED_MOST_BYTES = 64 * 1024 * 1024;

/** Appends one uncompressed batch. @param atMs Wall clock, milliseconds since 1970; the time of all its records. */
export function writeBatch(writer: ByteWriter, records: readonly KafkaRecord[], atMs: number): void {
  const start = writer.length;
  writer.int64(0).int32(0).int32(-1).int8(FORMAT).int32(0);
  // Attributes, last offset, first and last time, then no producer id, epoch or sequence: not idempotent.
  writer
    .int16(0)
    .int32(records.length - 1)
    .int64(atMs)
    .int64(atMs);
  writer.int64(-1).int16(-1).int32(-1).int32(records.length);
  for (const [index, record] of records.entries()) writeRecord(writer, record, index);
  const bytes = writer.done();
  writer.setInt32(start + 8, bytes.length - start - PREFIX_BYTES);
  writer.setInt32(start + 17, crc32c(bytes, start + CHECKED_FROM));
}

function writeRecord(writer: ByteWriter, { key, value, headers }: KafkaRecord, index: number): void {
  const keyBytes = Buffer.byteLength(key);
  const sizes = headers.map(([name, text]) => [Buffer.byteLength(name), Buffer.byteLength(text)] as const);
  let length = 2 + varintSize(index) + varintSize(keyBytes) + keyBytes + varintSize(value.length) + value.length;
  length += varintSize(headers.length);
  for (const [name, text] of sizes) length += varintSize(name) + name + varintSize(text) + text;
  // Attributes and the time since the batch's are zero.
  writer.varint(length).int8(0).int8(0).varint(index);
  writer.varint(keyBytes).text(key, keyBytes).varint(value.length).raw(value).varint(headers.length);
  for (const [at, [name, text]] of headers.entries()) {
    const [nameBytes, textBytes] = sizes[at] ?? [0, 0];
    writer.varint(nameBytes).text(name, nameBytes).varint(textBytes).text(text, textBytes);
  }
}

/** What a fetch brought of one partition. */
export interface ReadBatches {
  /** Ascending, none before the offset asked for. Values share memory with the bytes they were read from. */
  records: FetchedRecord[];
  /** Where to read on. */
  next: number;
}

/**
 * Reads whole batches; a broker may cut the last one short. A batch that was written by something else in a way that cannot be
 * read (an old format, a compression that is not known here) becomes one record without key, headers and value at its last offset.
 * @throws Error when a checksum is wrong.
 */
export function readBatches(bytes: Buffer, from: number): ReadBatches {
  const records: FetchedRecord[] = [];
  let next = from;
  for (let at = 0; at + PREFIX_BYTES + 5 <= bytes.length;) {
    const end = at + PREFIX_BYTES + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    const last = readBatch(new ByteReader(bytes, at, end), from, records);
    next = Math.max(next, last + 1);
    at = end;
  }
  return { records, next };
}

/** @returns The last offset that the batch stands for. */
function readBatch(reader: ByteReader, from: number, records: FetchedRecord[]): number {
  const start = reader.at;
  const base = reader.int64();
  reader.skip(8);
  if (reader.int8() !== FORMAT) {
    if (base >= from) records.push(unreadable(base));
    return base;
  }
  const crc = reader.uint32();
  if (crc !== crc32c(reader.buffer, start + CHECKED_FROM, reader.end))
    throw new Error(`the batch at offset ${base} has a wrong checksum`);
  const attributes = reader.int16();
  const last = base + reader.int32();
  // Times and producer.
  reader.skip(30);
  const count = reader.int32();
  if ((attributes & CONTROL) !== 0 || last < from) return last;
  const body = bodyOf(reader, attributes & COMPRESSION, start);
  if (body === undefined) records.push(unreadable(last));
  else for (let index = 0; index < count; index += 1) readRecord(body, base, { from, records });
  return last;
}

function bodyOf(reader: ByteReader, compression: number, start: number): ByteReader | undefined {
  if (compression === 0) return reader;
  const packed = reader.buffer.subarray(start + HEADER_BYTES, reader.end);
  const limit = { maxOutputLength: DECOMPRESSED_MOST_BYTES };
  try {
    if (compression === 1) return new ByteReader(gunzipSync(packed, limit));
    if (compression === 4) return new ByteReader(zstdDecompressSync(packed, limit));
  } catch {
    // Its checksum is right, so whoever wrote it made it so.
  }
  return undefined;
}

function readRecord(
  reader: ByteReader,
  base: number,
  { from, records }: { from: number; records: FetchedRecord[] },
): void {
  const end = reader.varint() + reader.at;
  reader.skip(1);
  reader.skipVarlong();
  const offset = base + reader.varint();
  if (offset >= from) {
    const key = reader.text(Math.max(reader.varint(), 0));
    const value = reader.raw(Math.max(reader.varint(), 0));
    const count = reader.varint();
    const headers: [string, string][] = [];
    for (let index = 0; index < count; index += 1)
      headers.push([reader.text(Math.max(reader.varint(), 0)), reader.text(Math.max(reader.varint(), 0))]);
    records.push({ offset, key, value, headers });
  }
  reader.skip(end - reader.at);
}

function unreadable(offset: number): FetchedRecord {
  return { offset, key: '', value: new Uint8Array(), headers: [] };
}
