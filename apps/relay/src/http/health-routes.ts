import type { FastifyInstance } from 'fastify';

/**
 * `/healthz`: the process lives. `/readyz`: it may be given sockets; if not, why. `/lb/ping`: the same for the probe of a
 * proxy, without a body.
 */
export function healthRoutes(
  app: FastifyInstance,
  options: { node: string; unreadyReason(): string | undefined },
): void {
  app.get('/healthz', { logLevel: 'warn' }, async (_, reply) =>
    reply.header('cache-control', 'no-store').send({ alive: true }),
  );

  app.get('/readyz', { logLevel: 'warn' }, async (_, reply) => {
    const reason = options.unreadyReason();
    reply.header('cache-control', 'no-store');
    if (reason === undefined) return reply.send({ ready: true, node: options.node });
    return reply.code(503).send({ ready: false, node: options.node, reason });
  });

  app.get('/lb/ping', { logLevel: 'warn' }, async (_, reply) => {
    reply.header('cache-control', 'no-store');
    return reply.code(options.unreadyReason() === undefined ? 204 : 503).send();
  });
}
