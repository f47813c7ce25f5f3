import { array, assert, constantFrom, integer, property, record, string, tuple, uint8Array } from 'fast-check';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { KafkaRecord } from '../../src/log/kafka/cluster.ts';
import { ByteReader, ByteWriter } from '../../src/log/kafka/wire/bytes.ts';
import { crc32c } from '../../src/log/kafka/wire/crc32c.ts';
import { readBatches, writeBatch } from '../../src/log/kafka/wire/record-batch.ts';

const AT_MS = 1_764_000_000_000;

const anyRecord = record({
  key: string({ unit: 'binary' }),
  value: uint8Array({ maxLength: 300 }),
  headers: array(tuple(string(), string({ unit: 'binary' })), { maxLength: 3 }),
});

function batch(records: readonly KafkaRecord[], base = 0): Buffer {
  const writer = new ByteWriter(16);
  writeBatch(writer, records, AT_MS);
  const bytes = Buffer.from(writer.done());
  bytes.writeBigInt64BE(BigInt(base));
  return bytes;
}

/** The same batch with its records packed, as another producer might write it. */
function packed(bytes: Buffer, compression: number, pack: (bytes: Buffer) => Buffer): Buffer {
  const changed = Buffer.concat([bytes.subarray(0, 61), pack(bytes.subarray(61))]);
  changed.writeInt16BE(compression, 21);
  changed.writeInt32BE(changed.length - 12, 8);
  changed.writeUInt32BE(crc32c(changed, 21), 17);
  return changed;
}

const one: KafkaRecord = { key: 'k', value: Buffer.from('text'), headers: [['head', '1 message']] };

describe('bytes on the wire', () => {
  it('integers and texts come back as they went', () => {
    assert(
      property(
        integer({ min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }),
        integer({ min: -(2 ** 30), max: 2 ** 30 }),
        string({ unit: 'binary' }),
        (long, short, text) => {
          const writer = new ByteWriter(1).int64(long).varint(short).string(text).int32(-7).string(null);
          const reader = new ByteReader(writer.done());
          expect(reader.int64()).toBe(long);
          expect(reader.varint()).toBe(short);
          expect(reader.string()).toBe(Buffer.from(text).toString());
          expect(reader.int32()).toBe(-7);
          expect(reader.nullableString()).toBeNull();
          expect(reader.left).toBe(0);
        },
      ),
    );
  });

  it('end with an error, never with what lies behind them', () => {
    const reader = new ByteReader(Buffer.alloc(16), 0, 3);
    expect(() => reader.int32()).toThrow(RangeError);
    expect(() => new ByteReader(Buffer.from([0, 0, 1, 0])).array(() => 1)).toThrow(/an array of 256 in 0 bytes/);
  });

  it('the checksum is the one of the standard', () => {
    // RFC 3720, appendix B.4.
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });
});

describe('record batches', () => {
  it('come back as they went, from any offset on', () => {
    assert(
      property(array(anyRecord, { minLength: 1, maxLength: 5 }), integer({ min: 0, max: 6 }), (records, from) => {
        const { records: found, next } = readBatches(batch(records), from);
        const wanted = records.map((own, offset) => ({
          offset,
          key: Buffer.from(own.key).toString(),
          value: Buffer.from(own.value),
          headers: own.headers.map(([name, text]) => [name, Buffer.from(text).toString()]),
        }));
        expect(found).toEqual(wanted.slice(from));
        expect(next).toBe(Math.max(from, records.length));
      }),
    );
  });

  it('that are cut short are left for the next fetch', () => {
    const whole = Buffer.concat([batch([one]), batch([one, one], 1)]);
    assert(
      property(integer({ min: 0, max: whole.length - 1 }), (length) => {
        const { records, next } = readBatches(whole.subarray(0, length), 0);
        const complete = length >= batch([one]).length ? 1 : 0;
        expect([records.length, next]).toEqual([complete, complete]);
      }),
    );
  });

  it('with a changed byte are refused', () => {
    const bytes = batch([one]);
    assert(
      property(integer({ min: 21, max: bytes.length - 1 }), integer({ min: 1, max: 255 }), (at, change) => {
        const broken = Buffer.from(bytes);
        broken[at] = (broken[at] ?? 0) ^ change;
        expect(() => readBatches(broken, 0)).toThrow(/wrong checksum/);
      }),
    );
  });

  it.each([
    ['gzip', 1, gzipSync],
    ['zstd', 4, zstdCompressSync],
  ])('of another producer are unpacked: %s', (_name, compression, pack) => {
    const { records, next } = readBatches(packed(batch([one, one], 7), compression, pack), 7);
    expect(records.map(({ offset, key }) => [offset, key])).toEqual([
      [7, 'k'],
      [8, 'k'],
    ]);
    expect(next).toBe(9);
  });

  it('that cannot be read become one empty record, and the next are read', () => {
    assert(
      property(constantFrom(1, 2, 3, 4, 5), (compression) => {
        const strange = packed(batch([one, one], 0), compression, () => Buffer.from('?'));
        const { records, next } = readBatches(Buffer.concat([strange, batch([one], 2)]), 0);
        expect(records.map(({ offset, key }) => [offset, key])).toEqual([
          [1, ''],
          [2, 'k'],
        ]);
        expect(next).toBe(3);
      }),
    );
  });

  it('that mark the end of a transaction are no records, and are passed', () => {
    const marker = packed(batch([one], 4), 0x20, (bytes) => bytes);
    expect(readBatches(marker, 4)).toEqual({ records: [], next: 5 });
  });
});
