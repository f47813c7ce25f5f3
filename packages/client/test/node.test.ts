import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HttpRefusedError, isSignedOut, requestToken, signIn, signOut, whoAmI } from '../src/sign-in.ts';
import { openPlatformSocket } from '../src/socket.ts';
import { ALICE } from './support/scripted-relay.ts';

/** Node's own WebSocket and fetch against a real server. */
describe('Node', () => {
  let server: Server;
  let url: string;
  const upgrades: IncomingMessage[] = [];

  beforeEach(async () => {
    upgrades.length = 0;
    server = createServer((request, response) => {
      const isKnown = request.headers.authorization === 'Bearer good';
      response.setHeader('content-type', 'application/json');
      if (request.method === 'POST' && request.url === '/api/token')
        response.end(JSON.stringify({ user: ALICE, token: 't' }));
      else if (request.method === 'POST') response.writeHead(400).end('{"code":"invalid_name"}');
      else if (request.method === 'DELETE') response.writeHead(204).end();
      else if (request.url === '/ws') response.writeHead(isKnown ? 404 : 401).end('<html>');
      else response.end(JSON.stringify({ user: ALICE }));
    });
    server.on('upgrade', (request, socket) => {
      upgrades.push(request);
      if (request.headers.authorization !== 'Bearer good') {
        socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
        return;
      }
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      // The answer to the close frame is all that comes.
      socket.once('data', () => socket.end());
      // One text frame, then a close frame with code 4502.
      socket.write(Buffer.from([0x81, 2, 0x68, 0x69, 0x88, 2, 4502 >> 8, 4502 & 0xff]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (token: string) => {
    const happened: string[] = [];
    return new Promise<string[]>((resolve) => {
      openPlatformSocket(
        { url: `${url.replace('http', 'ws')}/ws`, token },
        {
          onOpen: () => happened.push('open'),
          onText: (text) => happened.push(text),
          onClose: (code) => resolve([...happened, String(code)]),
        },
      );
    });
  };

  it('carries the token in a header, and text and close code back', async () => {
    expect(await open('good')).toEqual(['open', 'hi', '4502']);
    expect(upgrades[0]?.headers.authorization).toBe('Bearer good');
    expect(upgrades[0]?.url).toBe('/ws');
  });

  it('ends without having opened when the upgrade is refused', async () => {
    expect(await open('bad')).toEqual(['1006']);
  });

  it('signs in and out, and tells refusals by their code', async () => {
    expect(await requestToken(url, 'Alice')).toEqual({ user: ALICE, token: 't' });
    expect(await whoAmI(url)).toEqual(ALICE);
    await signOut(url);
    const refused = await signIn(url, '').catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HttpRefusedError);
    expect(refused).toMatchObject({ code: 'invalid_name', status: 400 });
  });

  it('takes only a clear 401 as the end of a sign-in', async () => {
    expect(await isSignedOut(url, 'bad')).toBe(true);
    expect(await isSignedOut(url, 'good')).toBe(false);
    expect(await isSignedOut(url, undefined)).toBe(false);
    expect(await isSignedOut('http://127.0.0.1:1', 'bad')).toBe(false);
  });
});
