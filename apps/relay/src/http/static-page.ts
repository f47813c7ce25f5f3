/** The built page: files with a hash in their name for ever, the rest asked for anew; compressed when it was built. */
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

export async function staticPage(app: FastifyInstance, webRoot: string): Promise<void> {
  await app.register(fastifyStatic, {
    root: webRoot,
    preCompressed: true,
    cacheControl: false,
    setHeaders(reply, path) {
      const isHashed = /[\\/]assets[\\/]/.test(path);
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
}
