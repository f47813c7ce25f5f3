/** Kafka's primitive types (https://kafka.apache.org/protocol#protocol_types), big-endian. */

/** Writes into a buffer that grows. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 512) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; shares memory with the writer. */
  done(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  int8(value: number): this {
    const at = this.#take(1);
    this.#buffer[at] = value & 0xff;
    return this;
  }

  int16(value: number): this {
    const at = this.#take(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#take(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  /** @param value An integer that a double holds exactly. */
  int64(value: number): this {
    const at = this.#take(8);
    this.#buffer.writeInt32BE(Math.floor(value / 2 ** 32), at);
    this.#buffer.writeUInt32BE(((value % 2 ** 32) + 2 ** 32) % 2 ** 32, at + 4);
    return this;
  }

  /** Zigzag, in groups of seven bits. @param value Of 31 bits and a sign. */
  varint(value: number): this {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    const at = this.#take(varintSize(value));
    let place = at;
    while (rest > 0x7f) {
      this.#buffer[place++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[place] = rest;
    return this;
  }

  /** With its length in 16 bits before it; null as length -1. */
  string(value: string | null): this {
    if (value === null) return this.int16(-1);
    const bytes = Buffer.byteLength(value);
    return this.int16(bytes).text(value, bytes);
  }

  /** With its length in 32 bits before it. */
  bytes(value: Uint8Array): this {
    return this.int32(value.length).raw(value);
  }

  /** Without a length. @param bytes Its length in UTF-8. */
  text(value: string, bytes: number): this {
    const at = this.#take(bytes);
    this.#buffer.write(value, at, bytes, 'utf8');
    return this;
  }

  raw(value: Uint8Array): this {
    const at = this.#take(value.length);
    this.#buffer.set(value, at);
    return this;
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): this {
    this.int32(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** Overwrites what is already there. */
  setInt32(at: number, value: number): void {
    this.#buffer.writeInt32BE(value | 0, at);
  }

  #take(bytes: number): number {
    const at = this.#length;
    const end = at + bytes;
    if (end > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(end, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = end;
    return at;
  }
}

/** Bytes that a varint takes. */
export function varintSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** Reads from front to back. @throws RangeError when the bytes end too early. */
export class ByteReader {
  readonly buffer: Buffer;
  at: number;
  readonly end: number;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  int8(): number {
    return this.buffer.readInt8(this.skip(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.skip(4));
  }

  uint32(): number {
    return this.buffer.readUInt32BE(this.skip(4));
  }

  int64(): number {
    const at = this.skip(8);
    return this.buffer.readInt32BE(at) * 2 ** 32 + this.buffer.readUInt32BE(at + 4);
  }

  /** @throws RangeError over 32 bits. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.skip(1)] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (value >>> 1) ^ -(value & 1);
    }
    throw new RangeError('a varint of more than 32 bits');
  }

  /** Leaves out a varint of up to 64 bits. */
  skipVarlong(): void {
    for (let count = 0; count < 10; count += 1) if ((this.buffer[this.skip(1)] ?? 0) < 0x80) return;
    throw new RangeError('a varint of more than 64 bits');
  }

  string(): string {
    return this.nullableString() ?? '';
  }

  nullableString(): string | null {
    const length = this.int16();
    return length < 0 ? null : this.text(length);
  }

  text(length: number): string {
    const at = this.skip(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /** Shares memory with the reader's. */
  raw(length: number): Buffer {
    const at = this.skip(length);
    return this.buffer.subarray(at, at + length);
  }

  /** With its length in 32 bits before it; null as nothing. */
  bytes(): Buffer {
    return this.raw(Math.max(this.int32(), 0));
  }

  array<Item>(read: () => Item): Item[] {
    const count = this.int32();
    if (count > this.left) throw new RangeError(`an array of ${count} in ${this.left} bytes`);
    const items: Item[] = [];
    for (let index = 0; index < count; index += 1) items.push(read());
    return items;
  }

  /** @returns Where it was. */
  skip(bytes: number): number {
    const { at } = this;
    if (bytes < 0 || at + bytes > this.end) throw new RangeError(`${bytes} bytes wanted, ${this.left} are left`);
    this.at = at + bytes;
    return at;
  }
}
