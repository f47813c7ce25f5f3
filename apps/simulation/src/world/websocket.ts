/** WebSockets as both ends of the product see them, over a connection of the world: bytes from the relay, text from the client. */
import type { SocketEvents, SocketLike } from '@parley/client';
import type { FrameSocket } from '@parley/relay/outbound';
import type { End } from './connection.ts';

/** What goes over the connection. The relay's frames are bytes; the rest is what its WebSocket library would make of them. */
export type Wire =
  | { type: 'upgraded' }
  | { type: 'text'; text: string }
  | { type: 'bytes'; bytes: Uint8Array }
  | { type: 'close'; code: number }
  | { type: 'ping' }
  | { type: 'pong' };

/** A closing handshake that is not answered is given up after this, in milliseconds. */
const CLOSE_PATIENCE_MS = 30_000;
/** No close frame came (RFC 6455 §7.4.1). */
const CLOSE_ABNORMAL = 1006;

/** The relay's side: what `socket-route.ts` makes of an upgraded socket. */
export class RelaySocket implements FrameSocket {
  readonly #end: End<Wire>;

  constructor(end: End<Wire>) {
    this.#end = end;
  }

  get bufferedBytes(): number {
    return this.#end.bufferedBytes;
  }

  write(bytes: Uint8Array): void {
    this.#end.send({ type: 'bytes', bytes }, bytes.length, 'frames');
  }

  close(code: number): void {
    this.#end.send({ type: 'close', code }, 4, `close ${code}`);
    this.#end.owner.after(CLOSE_PATIENCE_MS, 'close not answered', () => this.#end.end());
  }

  terminate(): void {
    this.#end.abort();
  }

  ping(): void {
    this.#end.send({ type: 'ping' }, 2, 'ping');
  }
}

/** The client's side: a platform's WebSocket. */
export class ClientSocket implements SocketLike {
  readonly #end: End<Wire>;
  readonly #events: SocketEvents;
  #isClosed = false;

  constructor(end: End<Wire>, events: SocketEvents) {
    this.#end = end;
    this.#events = events;
    end.handlers = { onMessage: (message) => this.#take(message), onEnd: () => this.#close(CLOSE_ABNORMAL) };
  }

  send(text: string): void {
    this.#end.send({ type: 'text', text }, text.length + 8, `text ${text}`);
  }

  close(code: number): void {
    this.#end.send({ type: 'close', code }, 4, `close ${code}`);
    this.#end.end();
    this.#isClosed = true;
  }

  #take(message: Wire): void {
    switch (message.type) {
      case 'upgraded':
        if (!this.#isClosed) this.#events.onOpen();
        break;
      case 'bytes':
        this.#takeFrames(message.bytes);
        break;
      case 'close':
        this.#end.send({ type: 'close', code: message.code }, 4, `close ${message.code}`);
        this.#end.end();
        this.#close(message.code);
        break;
      case 'ping':
        this.#end.send({ type: 'pong' }, 2, 'pong');
        break;
      case 'text':
      case 'pong':
        break;
    }
  }

  // Each message is an event of its own, as in browsers; the first of a packet comes with it.
  #takeFrames(bytes: Uint8Array): void {
    const { owner } = this.#end;
    for (const text of textsIn(bytes)) {
      owner.after(0, `${owner.name} gets ${text}`, () => {
        if (!this.#isClosed) this.#events.onText(text);
      });
    }
  }

  #close(code: number): void {
    const { owner } = this.#end;
    // After the messages that came before it.
    owner.after(0, `${owner.name} closed ${code}`, () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.#events.onClose(code);
    });
  }
}

/** The payloads of unmasked text frames that follow each other (RFC 6455 §5.2). */
export function textsIn(bytes: Uint8Array): string[] {
  return framesIn(bytes).map(({ text }) => text);
}

/** Such frames, each with the bytes that it is made of. */
export function framesIn(bytes: Uint8Array): { text: string; bytes: Buffer }[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: { text: string; bytes: Buffer }[] = [];
  let at = 0;
  while (at < buffer.length) {
    if (buffer[at] !== 0x81) throw new Error(`no text frame at byte ${at}`);
    const short = buffer[at + 1] ?? 0;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? buffer.readUInt16BE(at + 2) : Number(buffer.readBigUInt64BE(at + 2));
    const end = at + head + length;
    frames.push({ text: buffer.toString('utf8', at + head, end), bytes: buffer.subarray(at, end) });
    at = end;
  }
  return frames;
}
