/** A peer that speaks the protocol by hand, well or badly: one real socket, and every frame that came over it. */
import { type ClientFrame, decodeRelayFrame, type RelayFrame, type RelayFrameOf, SOCKET_PATH } from '@parley/protocol';
import { WebSocket } from 'ws';
import type { TestRelay } from './relay.ts';

export class Peer {
  readonly frames: RelayFrame[] = [];
  closeCode: number | undefined;
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data.toString('utf8')));
    socket.on('close', (code) => {
      this.closeCode = code;
      for (const wake of this.#waiting) wake();
    });
    socket.on('error', () => {});
  }

  static async open(relay: Pick<TestRelay, 'url'>, token: string): Promise<Peer> {
    const url = relay.url.replace('http', 'ws') + SOCKET_PATH;
    const socket = new WebSocket(url, { headers: { authorization: `Bearer ${token}` } });
    const peer = new Peer(socket);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return peer;
  }

  #receive(text: string): void {
    const decoded = decodeRelayFrame(text);
    if (!decoded.ok) throw new Error(`the relay sent a frame that is none: ${decoded.detail}: ${text.slice(0, 200)}`);
    this.frames.push(decoded.frame);
    for (const wake of this.#waiting) wake();
  }

  say(frame: ClientFrame): void {
    this.write(JSON.stringify(frame));
  }

  write(message: string | Uint8Array): void {
    this.#socket.send(message);
  }

  /** Takes the frames up to and including the first of this type that fits. The test's own time-out is the limit. */
  async until<Type extends RelayFrame['type']>(
    type: Type,
    fits: (frame: RelayFrameOf<Type>) => boolean = () => true,
  ): Promise<{ frame: RelayFrameOf<Type>; before: RelayFrame[] }> {
    const isIt = (frame: RelayFrame): frame is RelayFrameOf<Type> =>
      frame.type === type && fits(frame as RelayFrameOf<Type>);
    await this.#wait(() => this.frames.some(isIt) || this.closeCode !== undefined);
    const at = this.frames.findIndex(isIt);
    const frame = this.frames[at];
    if (frame === undefined || !isIt(frame)) throw new Error(`closed with ${this.closeCode} before ${type}`);
    return { frame, before: this.frames.splice(0, at + 1).slice(0, -1) };
  }

  async closed(): Promise<number> {
    await this.#wait(() => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }

  async close(): Promise<void> {
    this.#socket.close(1000);
    await this.closed();
  }

  #wait(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }
}
