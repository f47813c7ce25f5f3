/** A process that asks for too much, so that it is not the load generator of anybody else that gets slow. */
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ClientFrame, directConversationId, makeOperationId, SOCKET_PATH } from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { serve } from '@parley/testing';
import { WebSocket } from 'ws';
import { RawPeer, type RawUser, socketUrl } from '../rows/raw-peer.ts';

const TICK_MS = 10;
/** After it was thrown out. */
const RETURN_AFTER_MS = 500;

export interface Flood {
  readonly url: string;
  readonly user: RawUser;
  readonly perSecond: number;
  readonly forMs: number;
}

export interface FrameFlood {
  sent: number;
  acked: number;
  limited: number;
  /** Sockets that the relay closed, by code. */
  closes: Record<string, number>;
}

export interface SocketFlood {
  asked: number;
  opened: number;
  /** Answered 429 (one user) or 503 (the node) with Retry-After. */
  refused: number;
  other: number;
}

export type FloodWorker = typeof methods;

const methods = {
  pings: (flood: Flood): Promise<FrameFlood> => frames(flood, (n) => ({ type: 'ping', n })),

  messages(flood: Flood): Promise<FrameFlood> {
    const conversation = directConversationId(flood.user.id, flood.user.id);
    return frames(flood, () => {
      const id = makeOperationId(systemClock, systemRandom);
      return { type: 'send', conversation, messages: [{ id, text: 'one of very many' }] };
    });
  },

  /** Every socket is closed as soon as it is open. */
  async sockets({ url, user, perSecond, forMs }: Flood): Promise<SocketFlood> {
    const counts: SocketFlood = { asked: 0, opened: 0, refused: 0, other: 0 };
    const ends: Promise<void>[] = [];
    await evenly(perSecond, forMs, () => {
      counts.asked += 1;
      ends.push(askForSocket(url, user).then((outcome) => void (counts[outcome] += 1)));
    });
    await Promise.all(ends);
    return counts;
  },

  /** Connections that begin a handshake and never end it; returns how many were closed by the other side. */
  async halfHandshakes({ port, count, forMs }: { port: number; count: number; forMs: number }): Promise<number> {
    let closed = 0;
    const sockets: Socket[] = [];
    for (let at = 0; at < count; at += 1) {
      const socket = connect({ port, host: '127.0.0.1' });
      sockets.push(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => (closed += 1));
      socket.write(`GET ${SOCKET_PATH} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n`);
    }
    await delay(forMs);
    const closedByThem = closed;
    for (const socket of sockets) socket.destroy();
    return closedByThem;
  },
};

serve(methods);

async function frames({ url, user, perSecond, forMs }: Flood, next: (n: number) => ClientFrame): Promise<FrameFlood> {
  const counts: FrameFlood = { sent: 0, acked: 0, limited: 0, closes: {} };
  let peer: RawPeer | undefined;
  let isOver = false;
  const open = async (): Promise<void> => {
    peer = await RawPeer.open(url, user);
    peer.onFrame((frame) => {
      if (frame.type === 'ack') counts.acked += 1;
      else if (frame.type === 'error' && frame.code === 'rate_limited') counts.limited += 1;
    });
    peer.onClose((code) => {
      if (isOver) return;
      counts.closes[code] = (counts.closes[code] ?? 0) + 1;
      peer = undefined;
      setTimeout(() => void open().catch(() => undefined), RETURN_AFTER_MS);
    });
  };
  await open();
  await evenly(perSecond, forMs, () => {
    if (peer === undefined) return;
    peer.send(next(counts.sent));
    counts.sent += 1;
  });
  isOver = true;
  peer?.end();
  return counts;
}

async function evenly(perSecond: number, forMs: number, act: () => void): Promise<void> {
  const startedMs = performance.now();
  let done = 0;
  for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - startedMs) {
    for (; done < (elapsedMs / 1_000) * perSecond; done += 1) act();
    await delay(TICK_MS);
  }
}

function askForSocket(url: string, { token }: RawUser): Promise<'opened' | 'refused' | 'other'> {
  return new Promise((resolve) => {
    const socket = new WebSocket(socketUrl(url), { headers: { authorization: `Bearer ${token}` } });
    socket.once('open', () => {
      socket.terminate();
      resolve('opened');
    });
    socket.once('unexpected-response', (request, response) => {
      const isRefused = [429, 503].includes(response.statusCode ?? 0) && response.headers['retry-after'] !== undefined;
      request.destroy();
      resolve(isRefused ? 'refused' : 'other');
    });
    socket.once('error', () => resolve('other'));
  });
}
