/** A client that speaks the wire by hand, for what an honest one would never do. */
import { requestToken } from '@parley/client';
import {
  type ClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  makeDeviceId,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  type RelayFrame,
  SOCKET_PATH,
} from '@parley/protocol';
import { systemRandom } from '@parley/protocol/environment';
import { WebSocket } from 'ws';

export interface RawUser {
  readonly id: string;
  readonly token: string;
}

export async function signInRaw(url: string, name: string): Promise<RawUser> {
  const { user, token } = await requestToken(url, name);
  return { id: user.id, token };
}

export class RawPeer {
  readonly #socket: WebSocket;
  readonly #listeners = new Set<(frame: RelayFrame) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const decoded = decodeRelayFrame(data.toString('utf8'));
      if (decoded.ok) for (const listener of this.#listeners) listener(decoded.frame);
    });
  }

  /** Connects, greets and waits until it is caught up. */
  static async open(url: string, { token }: RawUser): Promise<RawPeer> {
    const address = `${url.replace(/^http/u, 'ws')}${SOCKET_PATH}`;
    const socket = new WebSocket(address, {
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
    peer.send({ type: 'hello', version: PROTOCOL_VERSION, oldest: OLDEST_PROTOCOL_VERSION, device });
    await caughtUp;
    return peer;
  }

  onFrame(listener: (frame: RelayFrame) => void): void {
    this.#listeners.add(listener);
  }

  send(frame: ClientFrame): void {
    this.#socket.send(encodeClientFrame(frame));
  }

  next(isWanted: (frame: RelayFrame) => boolean): Promise<RelayFrame> {
    return new Promise((resolve) => {
      const listener = (frame: RelayFrame): void => {
        if (!isWanted(frame)) return;
        this.#listeners.delete(listener);
        resolve(frame);
      };
      this.#listeners.add(listener);
    });
  }

  /** Reads nothing any more. */
  stopReading(): void {
    this.#socket.pause();
  }

  end(): void {
    this.#socket.terminate();
  }
}
