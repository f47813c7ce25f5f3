/** The upgrade: who may open a WebSocket, and the bridge between the socket and its session. */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CLOSE_DRAINING, SOCKET_PATH } from '@parley/protocol';
import type { Environment } from '../environment.ts';
import type { RelayNode } from '../node.ts';
import type { FrameSocket } from '../session/outbound.ts';
import type { Services } from '../session/services.ts';
import { type Identity, Session } from '../session/session.ts';
import type { Authentication } from './authentication.ts';
import { type BucketSettings, fullBucket, takeTokens } from '../session/token-bucket.ts';
import type { UserLimits } from '../session/user-limits.ts';
import { networkOf, refuse } from './session-routes.ts';

/** After a failure everybody comes back at once; those beyond the limit are spread over this time. Milliseconds. */
const RETRY_SPREAD_MS = 4_000;

export interface SocketRouteOptions {
  node: RelayNode;
  authentication: Authentication;
  environment: Environment;
  /** New sockets of this node. */
  limit: BucketSettings;
  /** New sockets of one user. */
  byUser: UserLimits;
  /** New sockets from one network. */
  byNetwork: UserLimits;
}

export function socketRoute(app: FastifyInstance, options: SocketRouteOptions): void {
  const { node, authentication, environment, limit, byUser, byNetwork } = options;
  const bucket = fullBucket(limit, environment.clock.monotonicMs());
  const granted = new WeakMap<FastifyRequest, { identity: Identity; response: ServerResponse }>();

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
        // Who only asks whether the sign-in still holds opens no socket.
        if (!request.ws) return undefined;
        // What is everybody's is touched last: else one user, or one network of many, would shut everybody out.
        const { identity } = authenticated;
        const userWaitMs = byUser.take(identity.user, 1);
        if (userWaitMs > 0) return refuse(reply, 429, 'rate_limited', userWaitMs);
        const nowMs = environment.clock.monotonicMs();
        const waitMs = byNetwork.take(networkOf(request.ip), 1) || takeTokens(bucket, limit, { count: 1, nowMs });
        if (waitMs > 0) return refuse(reply, 503, 'unavailable', waitMs + environment.random.float() * RETRY_SPREAD_MS);
        granted.set(request, { identity, response: reply.raw });
        return undefined;
      },
    },
    (socket, request) => {
      const grant = granted.get(request);
      const { services } = node;
      if (grant === undefined || services === undefined) {
        socket.terminate();
        return;
      }
      const tcp = request.raw.socket;
      // An answer that never ends would hold the request as long as the socket lives.
      grant.response.detachSocket(tcp);
      // The drain began while this handshake was under way, and asks only those who were here.
      if (node.unreadyReason() !== undefined) {
        socket.close(CLOSE_DRAINING, 'draining');
        return;
      }
      openSession({ node, services, socket, tcp, identity: grant.identity });
    },
  );
}

interface Opening {
  node: RelayNode;
  services: Services;
  socket: WebSocket;
  tcp: Socket;
  identity: Identity;
}

// On its own, so that what the listeners keep alive is what they use, and not the request.
function openSession({ node, services, socket, tcp, identity }: Opening): void {
  const frames = new UpgradedSocket(socket, tcp);
  const session = node.sessions.open((id, onEnd) => new Session({ id, identity, services, socket: frames, onEnd }));
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) session.receiveBinary();
    else session.receive(data.toString('utf8'));
  });
  socket.on('pong', () => session.heard());
  socket.on('close', () => session.end());
  // The plugin's own listener holds request, reply and their logger as long as the socket lives.
  socket.removeAllListeners('error');
  // Malformed frames and resets: ws has closed or is about to, and `close` follows.
  socket.on('error', (error) => services.environment.logger.debug({ err: error }, 'socket'));
}

/**
 * Frames are written as bytes on the TCP socket of the upgrade: they were encoded once for all receivers, and ws would
 * build each header anew. ws itself still reads, pings, and closes; it writes whole frames in one turn, so that the two
 * never interleave within a frame.
 */
class UpgradedSocket implements FrameSocket {
  readonly #socket: WebSocket;
  readonly #tcp: Socket;

  constructor(socket: WebSocket, tcp: Socket) {
    this.#socket = socket;
    this.#tcp = tcp;
    tcp.setNoDelay(true);
  }

  get bufferedBytes(): number {
    return this.#tcp.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#tcp.write(bytes);
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }
}
