/** A WebSocket spoken byte by byte, to say what no library would. */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { SOCKET_PATH } from '@parley/protocol';

export interface WireFrame {
  opcode: number;
  payload: Buffer;
}

export interface FrameParts {
  opcode: number;
  payload?: Uint8Array;
  fin?: boolean;
  /** RSV1 to RSV3 as 0b100, 0b010, 0b001. */
  reserved?: number;
  masked?: boolean;
  /** Said in place of the payload's own length. */
  length?: bigint;
}

export function wireFrame({
  opcode,
  payload = new Uint8Array(),
  fin = true,
  reserved = 0,
  masked = true,
  length,
}: FrameParts): Buffer {
  const said = length ?? BigInt(payload.length);
  const short = said < 126n ? Number(said) : said < 65_536n ? 126 : 127;
  const head = Buffer.from([(fin ? 0x80 : 0) | (reserved << 4) | opcode, (masked ? 0x80 : 0) | short]);
  const extended = Buffer.alloc(short === 126 ? 2 : short === 127 ? 8 : 0);
  if (short === 126) extended.writeUInt16BE(Number(said));
  if (short === 127) extended.writeBigUInt64BE(said);
  if (!masked) return Buffer.concat([head, extended, payload]);
  const mask = randomBytes(4);
  return Buffer.concat([head, extended, mask, payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]);
}

export class RawSocket {
  readonly tcp: Socket;
  #bytes = Buffer.alloc(0);
  readonly #waiting = new Set<() => void>();
  #ended = false;

  constructor(port: number) {
    this.tcp = connect(port, '127.0.0.1');
    this.tcp.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#wake();
    });
    this.tcp.on('error', () => {});
    this.tcp.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** With the upgrade done. */
  static async open(url: string, token: string): Promise<RawSocket> {
    const { port } = new URL(url);
    const raw = new RawSocket(Number(port));
    const key = randomBytes(16).toString('base64');
    raw.tcp.write(
      `GET ${SOCKET_PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    const answer = await raw.head();
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (!answer.startsWith('HTTP/1.1 101') || !answer.includes(accept)) throw new Error(answer);
    return raw;
  }

  write(parts: FrameParts): void {
    this.tcp.write(wireFrame(parts));
  }

  /** The head of an HTTP answer. */
  async head(): Promise<string> {
    await this.#until(() => this.#bytes.includes('\r\n\r\n') || this.#ended);
    const end = this.#bytes.indexOf('\r\n\r\n');
    const head = this.#bytes.subarray(0, end === -1 ? undefined : end).toString();
    this.#bytes = end === -1 ? Buffer.alloc(0) : this.#bytes.subarray(end + 4);
    return head;
  }

  /** Everything until the other side ends the connection. */
  async all(): Promise<string> {
    await this.#until(() => this.#ended);
    return this.#bytes.toString();
  }

  /** The code that the relay closes with: 1006 when the connection just ends. */
  async closeCode(): Promise<number> {
    for (;;) {
      await this.#until(() => this.#hasFrame() || this.#ended);
      if (!this.#hasFrame()) return 1006;
      const { opcode, payload } = this.#takeFrame();
      if (opcode === 8) return payload.length >= 2 ? payload.readUInt16BE() : 1005;
    }
  }

  async nextText(): Promise<string> {
    await this.#until(() => this.#hasFrame() || this.#ended);
    return this.#takeFrame().payload.toString();
  }

  #hasFrame(): boolean {
    const size = this.#sizes();
    return size !== undefined && this.#bytes.length >= size.head + size.payload;
  }

  #sizes(): { head: number; payload: number } | undefined {
    const short = this.#bytes[1];
    if (short === undefined) return undefined;
    if (short < 126) return { head: 2, payload: short };
    if (this.#bytes.length < 10) return undefined;
    return short === 126
      ? { head: 4, payload: this.#bytes.readUInt16BE(2) }
      : { head: 10, payload: Number(this.#bytes.readBigUInt64BE(2)) };
  }

  #takeFrame(): WireFrame {
    const size = this.#sizes();
    if (size === undefined) throw new Error('the connection ended');
    const opcode = (this.#bytes[0] ?? 0) & 0x0f;
    const payload = this.#bytes.subarray(size.head, size.head + size.payload);
    this.#bytes = this.#bytes.subarray(size.head + size.payload);
    return { opcode, payload };
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
