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

/**
 * What an upgrade was answered: 101, or the refusal.
 * @param from The address that a proxy says it comes from.
 */
function upgrade(token: string, from?: string): Promise<{ status: number; retryAfter: number | undefined }> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, ...(from === undefined ? {} : { 'x-forwarded-for': from }) };
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

it('one user who opens sockets without end is told to wait and keeps nobody else out', async () => {
  relay = await startRelay({ RATE_SOCKETS: '0.1/6', RATE_USER_SOCKETS: '0.1/3' });
  const [flooder, other] = [await requestToken(relay.url, 'Ann'), await requestToken(relay.url, 'Ben')];
  const answers = await Promise.all(Array.from({ length: 40 }, () => upgrade(flooder.token)));
  expect(answers.filter(({ status }) => status === 101)).toHaveLength(3);
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused).toHaveLength(37);
  expect(Math.min(...refused.map(({ retryAfter = 0 }) => retryAfter))).toBeGreaterThan(1);
  for (let count = 0; count < 3; count += 1) expect(await upgrade(other.token)).toMatchObject({ status: 101 });
});

it('one network of many users keeps no other one out', async () => {
  relay = await startRelay({ RATE_SOCKETS: '0.1/6', RATE_NETWORK_SOCKETS: '0.1/3', TRUST_PROXY: '127.0.0.1' });
  const flood = await Promise.all(
    Array.from({ length: 20 }, async (_, at) => {
      const { token } = await requestToken(relay.url, 'Ann');
      // One customer's network, as large as it is.
      return upgrade(token, `2001:db8::${at + 1}`);
    }),
  );
  expect(flood.filter(({ status }) => status === 101)).toHaveLength(3);
  expect(flood.filter(({ status }) => status === 503)).toHaveLength(17);
  const { token } = await requestToken(relay.url, 'Ben');
  for (let count = 0; count < 3; count += 1)
    expect(await upgrade(token, '2001:db8:0:1::1')).toMatchObject({ status: 101 });
});

it('three hundred users who come back at once from one address are all let in by one node', async () => {
  relay = await startRelay();
  const people = await Promise.all(Array.from({ length: 300 }, (_, at) => requestToken(relay.url, `User ${at}`)));
  const answers = await Promise.all(people.map(({ token }) => upgrade(token)));
  expect(answers.filter(({ status }) => status !== 101)).toEqual([]);
});
