/** The baseline of `fanout`: a bare `ws` server that sends each message to all its sockets in a loop. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { pace } from '../measure/pace.ts';
import { STAMP } from './people.ts';
import { serve } from '@parley/testing';

let server: WebSocketServer | undefined;
const sockets = new Set<WebSocket>();

export type WsLoopWorker = typeof methods;

const methods = {
  /** Returns its address. */
  async listen() {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await once(server, 'listening');
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },

  /** @param options.frame One that a relay sent; the time in it is made new for every message, its length stays. */
  async run({ rate, seconds, frame }: { rate: number; seconds: number; frame: string }) {
    const at = frame.indexOf(STAMP) + STAMP.length;
    const length = frame.indexOf(';', at) - at;
    const { sent } = await pace({ rate, seconds }, () => {
      const stamp = (Number(process.hrtime.bigint()) / 1e6).toFixed(3).padStart(length, '0').slice(0, length);
      const bytes = Buffer.from(frame.slice(0, at) + stamp + frame.slice(at + length));
      for (const socket of sockets) socket.send(bytes, { binary: false });
    });
    return { sent, sockets: sockets.size, frameBytes: Buffer.byteLength(frame) };
  },
};

serve(methods);
