/** The HTTP face of a node: page, sign-in, health, and the upgrade. Does not listen and reads no environment. */
import { existsSync } from 'node:fs';
import fastifyCookie from '@fastify/cookie';
import fastifyWebsocket from '@fastify/websocket';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { FRAME_MAX_BYTES } from '@parley/protocol';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import { Authentication } from './http/authentication.ts';
import { healthRoutes } from './http/health-routes.ts';
import { securityHeaders } from './http/security-headers.ts';
import { refuse, RENAMES, sessionRoutes } from './http/session-routes.ts';
import { SessionTokens } from './http/session-token.ts';
import { socketRoute } from './http/socket-route.ts';
import { staticPage } from './http/static-page.ts';
import { handleClientError, handleFrameworkError } from './http/transport-errors.ts';
import type { RelayNode } from './node.ts';
import { UserLimits } from './session/user-limits.ts';

export interface AppOptions {
  config: Pick<Config, 'node' | 'rates' | 'trustProxy' | 'webRoot'>;
  environment: Environment;
  logger: FastifyBaseLogger;
  node: RelayNode;
  sessionSecret: string;
  /** May be filled after the app was built, when the port is known; before that no page may connect. */
  allowedOrigins: ReadonlySet<string>;
}

export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, environment, node } = options;
  const app = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: config.trustProxy.length === 0 ? false : config.trustProxy,
    bodyLimit: 16 * 1024,
    requestTimeout: 15_000,
    http: { headersTimeout: 10_000 },
    forceCloseConnections: true,
    clientErrorHandler: handleClientError,
    frameworkErrors: handleFrameworkError,
  });
  securityHeaders(app);
  // Before the routes: each keeps the handler that it finds.
  app.setNotFoundHandler((_, reply) => refuse(reply, 404, 'not_found'));
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, 'invalid_request');
    environment.logger.error({ err: error, path: request.url.split('?')[0] }, 'a request could not be answered');
    return refuse(reply, 500, 'internal');
  });
  await app.register(fastifyCookie);
  await app.register(fastifyWebsocket, {
    options: { maxPayload: FRAME_MAX_BYTES, maxFragments: 64, maxBufferedChunks: 1024, perMessageDeflate: false },
    // Sessions are drained by the node, each in its own slot; the default would end them all at once.
    preClose: (done) => done(),
    errorHandler: (error, socket) => {
      environment.logger.error({ err: error }, 'a socket could not be served');
      socket.terminate();
    },
  });
  const tokens = new SessionTokens(options.sessionSecret);
  const authentication = new Authentication({
    tokens,
    clock: environment.clock,
    allowedOrigins: options.allowedOrigins,
  });
  healthRoutes(app, { node: config.node, unreadyReason: () => node.unreadyReason() });
  sessionRoutes(app, {
    environment,
    authentication,
    tokens,
    node: () => (node.unreadyReason() === undefined ? node.services : undefined),
    signIns: new UserLimits(config.rates.signIns, environment.clock),
    renames: new UserLimits(RENAMES, environment.clock),
  });
  socketRoute(app, {
    node,
    authentication,
    environment,
    limit: config.rates.sockets,
    byUser: new UserLimits(config.rates.userSockets, environment.clock),
    byNetwork: new UserLimits(config.rates.networkSockets, environment.clock),
  });
  if (config.webRoot !== undefined && existsSync(config.webRoot)) await staticPage(app, config.webRoot);
  return app;
}
