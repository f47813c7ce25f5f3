/**
 * What the tests of the cluster need of a relay and nothing else: who am I, am I ready, and a WebSocket that says on which
 * node it is and repeats what it hears. `POST /internal/unready` and `/internal/ready` (straight to its port) switch readiness.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const name = process.env['NODE_ID'] ?? '';
let ready = true;

const server = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '';
  if (path === '/internal/unready') ready = false;
  if (path === '/internal/ready') ready = true;
  const asksReadiness = path === '/readyz' || path === '/lb/ping';
  response.writeHead(asksReadiness && !ready ? 503 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ name, path, headers: request.headers }));
});
const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  if (!ready) {
    socket.end('HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  sockets.handleUpgrade(request, socket, head, (webSocket) => {
    webSocket.send(name);
    webSocket.on('message', (data, isBinary) => webSocket.send(data, { binary: isBinary }));
  });
});
server.listen(Number(process.env['PORT']), process.env['HOST']);
process.once('SIGTERM', () => process.exit(0));
