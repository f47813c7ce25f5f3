import { once } from 'node:events';
import { WebSocket } from 'ws';

const FIRST_MESSAGE_WITHIN_MS = 10_000;

export interface OpenSocket {
  socket: WebSocket;
  /** The relay that it is on, as that relay says. */
  node: string;
}

/** Opens a WebSocket through Nginx and waits for the stand-in relay's first message, its name. */
export async function openSocket(url: string): Promise<OpenSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { handshakeTimeout: FIRST_MESSAGE_WITHIN_MS });
  socket.on('error', () => undefined);
  const [message] = await once(socket, 'message', { signal: AbortSignal.timeout(FIRST_MESSAGE_WITHIN_MS) });
  return { socket, node: String(message) };
}

/** Opens `count` sockets, `atOnce` at a time. */
export async function openSockets(url: string, count: number, atOnce = 20): Promise<OpenSocket[]> {
  const open: OpenSocket[] = [];
  while (open.length < count) {
    const batch = Math.min(atOnce, count - open.length);
    open.push(...(await Promise.all(Array.from({ length: batch }, () => openSocket(url)))));
  }
  return open;
}

export function countByNode(sockets: readonly OpenSocket[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { node } of sockets) counts[node] = (counts[node] ?? 0) + 1;
  return counts;
}

export function closeAll(sockets: readonly OpenSocket[]): void {
  for (const { socket } of sockets) socket.terminate();
}
