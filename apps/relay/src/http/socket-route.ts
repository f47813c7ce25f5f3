/** The upgrade: who may open a WebSocket, and the bridge between the socket and its session. */
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CLOSE_DRAINING, SOCKET_PATH } from '@parley/protocol';
import type { RelayNode } from '../node.ts';
import type { FrameSocket } from '../session/outbound.ts';
import { type Identity, Session } from '../session/session.ts';
import type { Authentication } from './authentication.ts';
import { refuse } from './session-routes.ts';

export function socketRoute(app: FastifyInstance, options: { node: RelayNode; authentication: Authentication }): void {
  const { node, authentication } = options;
  const identities = new WeakMap<FastifyRequest, Identity>();

  // The plugin would grant a socket on any route, to whomever, and then close it.
  app.addHook('onRequest', async (request, reply) => {
    if (request.ws && request.routeOptions.url !== SOCKET_PATH) return refuse(reply, 404, 'not_found');
    return undefined;
  });

  app.get(
    SOCKET_PATH,
    {
      websocket: true,
      logLevel: 'warn',
      preValidation: async (request, reply) => {
        const authenticated = authentication.authenticate(request);
        if (!authenticated.ok) return refuse(reply, authenticated.status, authenticated.code);
        if (node.unreadyReason() !== undefined) return refuse(reply, 503, 'unavailable');
        identities.set(request, authenticated.identity);
        return undefined;
      },
    },
    (socket, request) => {
      const identity = identities.get(request);
      const { services } = node;
      if (identity === undefined || services === undefined) {
        socket.terminate();
        return;
      }
      // The drain began while this handshake was under way, and asks only those who were here.
      if (node.unreadyReason() !== undefined) {
        socket.close(CLOSE_DRAINING, 'draining');
        return;
      }
      const session = node.sessions.open(
        (id, onEnd) => new Session({ id, identity, services, socket: frameSocket(socket, request.raw.socket), onEnd }),
      );
      socket.on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) session.receiveBinary();
        else session.receive(data.toString('utf8'));
      });
      socket.on('pong', () => session.heard());
      socket.on('close', () => session.end());
      // Malformed frames and resets: ws has closed or is about to, and `close` follows.
      socket.on('error', (error) => services.environment.logger.debug({ err: error }, 'socket'));
    },
  );
}

/**
 * Frames are written as bytes on the TCP socket of the upgrade: they were encoded once for all receivers, and ws would
 * build each header anew. ws itself still reads, pings, and closes; it writes whole frames in one turn, so that the two
 * never interleave within a frame.
 */
function frameSocket(socket: WebSocket, tcp: Socket): FrameSocket {
  tcp.setNoDelay(true);
  return {
    get bufferedBytes() {
      return tcp.writableLength;
    },
    write(bytes) {
      if (socket.readyState === socket.OPEN) tcp.write(bytes);
    },
    close(code, reason) {
      socket.close(code, reason);
    },
    terminate() {
      socket.terminate();
    },
    ping() {
      if (socket.readyState === socket.OPEN) socket.ping();
    },
  };
}
