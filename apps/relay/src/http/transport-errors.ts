/** Answers to what never reaches a route: bytes that are no HTTP, and paths that cannot be read. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import type { HttpError } from '@parley/protocol';
import { SECURITY_HEADERS } from './security-headers.ts';
import { refuse } from './session-routes.ts';

/** Statuses of Node's own parser and timers; everything else that it refuses is a bad request. */
const STATUS_BY_CODE = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
  ['HPE_HEADER_OVERFLOW', 431],
]);

/** Called by Node with a connection whose request could not be read. */
export function handleClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE.get(error.code ?? '') ?? 400;
  const body = JSON.stringify({ code: 'invalid_request' } satisfies HttpError);
  const headers = {
    ...SECURITY_HEADERS,
    'cache-control': 'no-store',
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}

/** Called by fastify before any hook has run. */
export function handleFrameworkError(_error: Error, _request: unknown, reply: FastifyReply): void {
  void refuse(reply.headers(SECURITY_HEADERS), 400, 'invalid_request');
}
