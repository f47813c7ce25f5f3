/** A client that speaks the wire by hand, for what an honest one would never do. */
import { requestToken } from '@parley/client';
import {
  type ClientFrame,
  type ClientFrameOf,
  decodeRelayFrame,
  encodeClientFrame,
  makeDeviceId,
  makeOperationId,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type RelayFrame,
  SOCKET_PATH,
} from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { WebSocket } from 'ws';

export interface RawUser {
  readonly id: string;
  readonly token: string;
}

export async function signInRaw(url: string, name: string): Promise<RawUser> {
  const { user, token } = await requestToken(url, name);
  return { id: user.id, token };
}

export const socketUrl = (url: string): string => `${url.replace(/^http/u, 'ws')}${SOCKET_PATH}`;

/** What a client says in its `hello` that it holds. */
export type Held = Pick<ClientFrameOf<'hello'>, 'epoch' | 'heads'>;

export class RawPeer {
  readonly #socket: WebSocket;
  readonly #listeners = new Set<(frame: RelayFrame) => void>();
  epoch = '';
  /** The relay's wall clock as it greeted. */
  greetedAt = 0;
  resync: 'epoch' | 'ahead' | undefined;
  /** Entries that came, of whatever conversation. */
  replayed = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const decoded = decodeRelayFrame(data.toString('utf8'));
      if (!decoded.ok) return;
      this.#note(decoded.frame);
      for (const listener of this.#listeners) listener(decoded.frame);
    });
  }

  /** Connects, greets and waits until it is caught up. */
  static async open(url: string, { token }: RawUser, held: Held = {}): Promise<RawPeer> {
    const socket = new WebSocket(socketUrl(url), {
      headers: { authorization: `Bearer ${token}` },
      perMessageDeflate: false,
    });
    const peer = new RawPeer(socket);
    const caughtUp = peer.next((frame) => frame.type === 'caughtUp');
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const device = makeDeviceId(systemRandom);
    peer.send({ type: 'hello', version: PROTOCOL_VERSION, oldest: OLDEST_PROTOCOL_VERSION, device, ...held });
    await caughtUp;
    return peer;
  }

  /** Writes so many messages and waits for all acks. */
  async write(conversation: string, count: number): Promise<void> {
    for (let nth = 1; nth <= count; nth += 1) {
      const id = makeOperationId(systemClock, systemRandom);
      const acked = this.next((frame) => frame.type === 'ack' && frame.id === id);
      this.send({ type: 'send', conversation, messages: [{ id, text: `message ${nth}` }] });
      await acked;
    }
  }

  send(frame: ClientFrame): void {
    this.#socket.send(encodeClientFrame(frame));
  }

  next(isWanted: (frame: RelayFrame) => boolean): Promise<RelayFrame> {
    return new Promise((resolve) => {
      const off = this.onFrame((frame) => {
        if (!isWanted(frame)) return;
        off();
        resolve(frame);
      });
    });
  }

  onFrame(listener: (frame: RelayFrame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onClose(listener: (code: number) => void): void {
    this.#socket.once('close', listener);
  }

  #note(frame: RelayFrame): void {
    if (frame.type === 'welcome') {
      this.epoch = frame.epoch;
      this.greetedAt = frame.at;
      this.resync = frame.resync;
    } else if (frame.type === 'entries') this.replayed += frame.entries.length;
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.#socket.pause();
  }

  end(): void {
    this.#socket.terminate();
  }
}
