import { decodeRelayFrame, type RelayFrame } from '@parley/protocol';
import type { FrameSocket } from '../../src/session/outbound.ts';

/** A socket whose peer reads as fast as the test lets it. */
export class FakeSocket implements FrameSocket {
  bufferedBytes = 0;
  reads = true;
  writes: Buffer[] = [];
  closedWith: number | undefined;
  terminated = false;
  pings = 0;
  onPing: () => void = () => {};
  onWrite: () => void = () => {};
  readonly #frames: RelayFrame[] = [];
  #decodedWrites = 0;

  write(bytes: Uint8Array): void {
    this.writes.push(Buffer.from(bytes));
    if (!this.reads) this.bufferedBytes += bytes.length;
    this.onWrite();
  }

  /** The peer takes so much of what waits. */
  take(bytes = Infinity): void {
    this.bufferedBytes = Math.max(0, this.bufferedBytes - bytes);
  }

  close(code: number): void {
    this.closedWith = code;
  }

  terminate(): void {
    this.terminated = true;
  }

  ping(): void {
    this.pings += 1;
    this.onPing();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }

  /** Every frame written so far; throws for what is none. */
  get frames(): readonly RelayFrame[] {
    for (const bytes of this.writes.slice(this.#decodedWrites)) {
      for (const text of textsIn(bytes)) {
        const decoded = decodeRelayFrame(text);
        if (!decoded.ok) throw new Error(`no frame: ${decoded.detail}: ${text.slice(0, 100)}`);
        this.#frames.push(decoded.frame);
      }
    }
    this.#decodedWrites = this.writes.length;
    return this.#frames;
  }
}

/** The payloads of unmasked text frames that follow each other. */
function textsIn(bytes: Buffer): string[] {
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== 0x81) throw new Error(`no text frame at ${at}`);
    const short = bytes[at + 1] ?? 0;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
    texts.push(bytes.subarray(at + head, at + head + length).toString());
    at += head + length;
  }
  return texts;
}
