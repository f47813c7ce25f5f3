/**
 * Raw sockets: readers that only count, so that hundreds of them leave the machine to what is measured, and idle ones that
 * cost this side as little as can be.
 */
import { requestToken } from '@parley/client';
import {
  encodeClientFrame,
  makeDeviceId,
  makeOperationId,
  OLDEST_PROTOCOL_VERSION,
  PING_INTERVAL_MS,
  PROTOCOL_VERSION,
  type RoomId,
} from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { WebSocket } from 'ws';
import { nowMs } from '../measure/pace.ts';
import { AT_ONCE, STAMP } from './people.ts';
import { inTurns, serve } from '@parley/testing';

/** Every n-th socket looks at the time in the texts; the others only count. */
const SAMPLE_EVERY = 10;

const STAMP_BYTES = Buffer.from(STAMP);
const CAUGHT_UP = Buffer.from('{"type":"caughtUp"');

let tokens: string[] = [];
let sockets: WebSocket[] = [];
let bare: WebSocket[] = [];
let deliveries = 0;
let stampMs: number[] = [];
let lastFrame = '';
let pings = 0;
let cancelPings: NodeJS.Timeout | undefined;

export type SocketsWorker = typeof methods;

const methods = {
  async signIn({ urls, count, name }: { urls: string[]; count: number; name: string }) {
    const signed: string[] = [];
    await inTurns(count, AT_ONCE, async (at) => {
      signed[at] = (await requestToken(urls[at % urls.length] ?? '', `${name} ${at + 1}`)).token;
    });
    tokens = signed;
  },

  /** Opens one socket for everybody who signed in, over the urls in turn; resolves when all have caught up. */
  async open({ urls, most }: { urls: string[]; most?: number }) {
    const count = Math.min(most ?? Infinity, tokens.length);
    const opened: WebSocket[] = [];
    await inTurns(count, AT_ONCE, async (at) => {
      opened[at] = await openSocket(urls[at % urls.length] ?? '', tokens[at] ?? '');
    });
    sockets = opened;
    for (const [at, socket] of sockets.entries()) countMessages(socket, at);
    keepAlive();
  },

  async join({ room }: { room: RoomId }) {
    const frames = sockets.map((socket) => ({ socket, id: makeOperationId(systemClock, systemRandom) }));
    await inTurns(frames.length, AT_ONCE, async (at) => {
      const { socket, id } = frames[at]!;
      const answered = answerTo(socket, id);
      socket.send(encodeClientFrame({ type: 'joinRoom', id, conversation: room }));
      await answered;
    });
  },

  /** As many sockets to a server that knows nothing of Parley. */
  async openBare({ url, count }: { url: string; count: number }) {
    const opened: WebSocket[] = [];
    await inTurns(count, AT_ONCE, async (at) => {
      const socket = new WebSocket(url, { perMessageDeflate: false });
      opened[at] = socket;
      await new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject));
    });
    bare = opened;
    for (const [at, socket] of bare.entries()) countMessages(socket, at);
  },

  reset() {
    deliveries = 0;
    stampMs = [];
  },

  /** Messages that arrived since `reset`, over all sockets, and how old the sampled ones were. */
  counts() {
    return { deliveries, seenMs: Float64Array.from(stampMs), lastFrame };
  },

  /** How many sockets are still open. */
  openCount() {
    return sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  },

  async close() {
    clearInterval(cancelPings);
    await Promise.all(
      sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            if (socket.readyState === WebSocket.CLOSED) return resolve();
            socket.once('close', () => resolve());
            socket.close();
          }),
      ),
    );
    sockets = [];
  },
};

serve(methods);

function openSocket(url: string, token: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace(/^http/u, 'ws')}/ws`, {
    headers: { authorization: `Bearer ${token}` },
    perMessageDeflate: false,
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.once('open', () =>
      socket.send(
        encodeClientFrame({
          type: 'hello',
          version: PROTOCOL_VERSION,
          oldest: OLDEST_PROTOCOL_VERSION,
          device: makeDeviceId(systemRandom),
        }),
      ),
    );
    const onMessage = (data: Buffer): void => {
      if (!data.subarray(0, CAUGHT_UP.length).equals(CAUGHT_UP)) return;
      socket.off('message', onMessage);
      socket.removeAllListeners('close');
      socket.on('error', () => undefined);
      resolve(socket);
    };
    socket.on('message', onMessage);
  });
}

function answerTo(socket: WebSocket, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onMessage = (data: Buffer): void => {
      const text = data.toString();
      if (!text.includes(id)) return;
      if (text.startsWith('{"type":"error"')) reject(new Error(text));
      if (!text.startsWith('{"type":"ack"')) return;
      socket.off('message', onMessage);
      resolve();
    };
    socket.on('message', onMessage);
  });
}

function countMessages(socket: WebSocket, place: number): void {
  const isSampled = place % SAMPLE_EVERY === 0;
  socket.on('message', (data: Buffer) => {
    let at = data.indexOf(STAMP_BYTES);
    if (at === -1) return;
    const arrivedMs = nowMs();
    if (place === 0) lastFrame = data.toString();
    for (; at !== -1; at = data.indexOf(STAMP_BYTES, at + STAMP_BYTES.length)) {
      deliveries += 1;
      if (isSampled)
        stampMs.push(arrivedMs - Number.parseFloat(data.toString('latin1', at + STAMP_BYTES.length, at + 24)));
    }
  });
}

// As a client does in the foreground, spread over its interval.
function keepAlive(): void {
  clearInterval(cancelPings);
  const steps = PING_INTERVAL_MS / 100;
  let step = 0;
  cancelPings = setInterval(() => {
    step = (step + 1) % steps;
    pings += 1;
    for (let at = step; at < sockets.length; at += steps) {
      const socket = sockets[at];
      if (socket?.readyState === WebSocket.OPEN) socket.send(encodeClientFrame({ type: 'ping', n: pings }));
    }
  }, 100);
}
