/** For operators on this machine only: what the node has seen, where its view stands and what is in it. */
import fastify, { type FastifyInstance } from 'fastify';
import * as z from 'zod';
import type { RelayNode } from '../node.ts';

/** Conversations of one page: few enough that reading them holds up nobody. */
const PAGE_MAX_CONVERSATIONS = 100;

const Page = z.object({ after: z.string().max(64).default('') });

export function adminApp(node: RelayNode): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  app.get('/status', async () => node.report());
  // Whether two nodes hold the same, entry by entry; hashes only tell that they do not.
  app.get('/view', async (request, reply) => {
    const query = Page.safeParse(request.query);
    const { services } = node;
    if (!query.success) return reply.code(400).send({ error: '`after` is the last conversation of the page before' });
    if (services === undefined) return reply.code(503).send({ error: 'the view is not open yet' });
    const rows = services.queries.dump(query.data.after, PAGE_MAX_CONVERSATIONS);
    const next = rows.length === PAGE_MAX_CONVERSATIONS ? rows.at(-1)?.conversation : undefined;
    return { epoch: services.epoch, rows, ...(next !== undefined && { next }) };
  });
  return app;
}
