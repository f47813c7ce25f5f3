/** For operators on this machine only: what the node has seen and where its view stands. */
import fastify, { type FastifyInstance } from 'fastify';
import type { RelayNode } from '../node.ts';

export function adminApp(node: RelayNode): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/status', async () => node.report());
  return app;
}
