import type { OpenSocket } from '@parley/client';
import { WebSocket } from 'ws';

/** Cheaper than Node's own WebSocket, so that more of the machine is left to what is tested or measured. */
export const openWs: OpenSocket = ({ url, token }, events) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(url, { headers, perMessageDeflate: false });
  socket.on('open', () => events.onOpen());
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) events.onText(data.toString('utf8'));
  });
  // `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', (code) => events.onClose(code));
  return { send: (text) => socket.send(text), close: (code) => socket.close(code) };
};
