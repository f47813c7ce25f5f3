import type { IncomingMessage } from 'node:http';
import { requestToken } from '@parley/client';
import { SOCKET_PATH } from '@parley/protocol';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { removeDataDir, startRelay, type TestRelay } from './support/relay.ts';

let relay: TestRelay;
afterEach(async () => {
  await relay.stop();
  removeDataDir(relay);
});

/** What an upgrade was answered: 101, or the refusal. */
function upgrade(token: string): Promise<{ status: number; retryAfter: number | undefined }> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(relay.url.replace('http', 'ws') + SOCKET_PATH, { headers });
    socket.on('open', () => {
      socket.close();
      resolve({ status: 101, retryAfter: undefined });
    });
    socket.on('unexpected-response', (_, response: IncomingMessage) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, retryAfter: Number(response.headers['retry-after']) });
    });
    socket.on('error', () => {});
  });
}

it('new sockets are limited, and those beyond are told when to come back, not all at one moment', async () => {
  relay = await startRelay({ RATE_SOCKETS: '0.1/2' });
  const { token } = await requestToken(relay.url, 'Ann');
  const answers = await Promise.all(Array.from({ length: 12 }, () => upgrade(token)));
  expect(answers.filter(({ status }) => status === 101)).toHaveLength(2);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused).toHaveLength(10);
  const waits = refused.map(({ retryAfter = 0 }) => retryAfter);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(9);
  expect(new Set(waits).size).toBeGreaterThan(1);
});
