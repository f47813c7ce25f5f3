/** The HTTP face: who may sign in and connect, from which page, and what every answer carries. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_PATH, SOCKET_PATH, TOKEN_PATH } from '@parley/protocol';
import { WebSocket } from 'ws';
import { SESSION_LIFETIME_MS, SessionTokens } from '../src/http/session-token.ts';
import { RawSocket } from './support/raw-socket.ts';
import { removeDataDir, startRelay, TEST_SECRET, type TestRelay } from './support/relay.ts';

const webRoot = mkdtempSync(join(tmpdir(), 'parley-page-'));
let relay: TestRelay;
let origin: string;

beforeAll(async () => {
  mkdirSync(join(webRoot, 'assets'));
  writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>Parley</title>');
  writeFileSync(join(webRoot, 'assets', 'main-abc123.js'), 'plain');
  writeFileSync(join(webRoot, 'assets', 'main-abc123.js.br'), 'brotli');
  writeFileSync(join(webRoot, 'assets', 'main-abc123.js.gz'), 'gzip');
  relay = await startRelay({ WEB_ROOT: webRoot });
  origin = relay.url;
});
afterAll(async () => {
  await relay.stop();
  removeDataDir(relay);
  rmSync(webRoot, { recursive: true });
});

type Headers = Record<string, string>;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A request whose every header is ours, as `fetch` would not send it. */
function ask(
  path: string,
  options: { method?: string; headers?: Headers; body?: string; at?: TestRelay } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body, at = relay } = options;
  return new Promise((resolve, reject) => {
    const request = httpRequest(at.url + path, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

it('a guest who keeps coming stays the same one: an old cookie is made anew, a fresh one is not', async () => {
  const issued = new SessionTokens(TEST_SECRET);
  const user = 'u_AAAAAAAAAAAAAAAAAAAAAA';
  const dayMs = 24 * 3_600_000;
  const come = (ageMs: number): Promise<Answer> => {
    const token = issued.issue({ user, name: 'Ann', expiresAtMs: Date.now() - ageMs + SESSION_LIFETIME_MS });
    return ask(SESSION_PATH, { headers: { cookie: `parley=${token}` } });
  };
  expect((await come(dayMs - 60_000)).headers['set-cookie']).toBeUndefined();
  const renewed = await come(29 * dayMs);
  const cookie = cookieOf(renewed);
  expect(issued.read(cookie.slice('parley='.length), Date.now() + 29 * dayMs)).toMatchObject({ user, name: 'Ann' });
  expect(renewed.headers['set-cookie']?.[0]).toMatch(/HttpOnly/);
});

const json = { 'content-type': 'application/json' };

function signIn(name: string, more: { headers?: Headers; at?: TestRelay; path?: string } = {}): Promise<Answer> {
  const { headers = {}, at = relay, path = SESSION_PATH } = more;
  return ask(path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ name }), at });
}

function cookieOf(answer: Answer): string {
  return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
}

/** The status of an upgrade: 101, or what it was refused with. */
function upgrade(headers: Headers, at = relay): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = new WebSocket(at.url.replace('http', 'ws') + SOCKET_PATH, { headers });
    socket.on('open', () => {
      socket.close();
      resolve({ status: 101, headers: {}, body: '' });
    });
    socket.on('unexpected-response', (_, response) => {
      response.resume();
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: '' });
    });
    socket.on('error', () => {});
  });
}

describe('the Origin of an upgrade', () => {
  let cookie: string;
  beforeAll(async () => {
    cookie = cookieOf(await signIn('Ann', { headers: { origin } }));
  });

  it('of our own page opens a socket', async () => {
    expect((await upgrade({ cookie, origin })).status).toBe(101);
  });

  it.each<[string, (own: URL) => string | undefined]>([
    ['absent', () => undefined],
    ['null', () => 'null'],
    ['empty', () => ''],
    ['another site', () => 'https://evil.example'],
    ['our name as a prefix', (own) => `${own.origin}.evil.example`],
    ['our name as a suffix', (own) => `http://evil-${own.host}`],
    ['our name as a user', (own) => `http://${own.host}@evil.example`],
    ['another port', (own) => `http://${own.hostname}:${Number(own.port) + 1}`],
    ['no port', (own) => `http://${own.hostname}`],
    ['another scheme', (own) => own.origin.replace('http', 'https')],
    ['another case', (own) => own.origin.toUpperCase()],
    ['a slash at its end', (own) => `${own.origin}/`],
    ['a space at its end and another', (own) => `${own.origin} ${own.origin}`],
    ['localhost by another name', (own) => `http://localhost:${own.port}`],
  ])('%s: 403', async (_, spoil) => {
    const spoilt = spoil(new URL(origin));
    const headers = spoilt === undefined ? { cookie } : { cookie, origin: spoilt };
    expect((await upgrade(headers)).status).toBe(403);
    if (spoilt === undefined) return;
    expect((await signIn('Eve', { headers })).status).toBe(403);
    expect((await ask(SESSION_PATH, { method: 'DELETE', headers })).status).toBe(403);
  });

  it('counts for a Bearer token too, where there is one', async () => {
    const { token } = JSON.parse((await signIn('Bot', { path: TOKEN_PATH })).body) as { token: string };
    const authorization = `Bearer ${token}`;
    expect((await upgrade({ authorization })).status).toBe(101);
    expect((await upgrade({ authorization, origin: 'https://evil.example' })).status).toBe(403);
    expect((await signIn('Bot', { path: TOKEN_PATH, headers: { origin } })).status).toBe(403);
  });
});

describe('a sign-in', () => {
  it('is a cookie that no script reads and no other site sends', async () => {
    const answer = await signIn('Ann', { headers: { origin } });
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^parley=[\w-]+\.[\w-]+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(Object.keys(JSON.parse(answer.body) as object)).toEqual(['user']);
    const again = await ask(SESSION_PATH, { headers: { cookie: cookieOf(answer) } });
    expect(again.body).toBe(answer.body);
  });

  it('behind a proxy with TLS is bound to this very host', async () => {
    const behind = await startRelay({ TRUST_PROXY: 'loopback', ALLOWED_ORIGINS: 'https://chat.example' });
    const headers = { origin: 'https://chat.example', 'x-forwarded-proto': 'https' };
    const answer = await signIn('Ann', { headers, at: behind });
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^__Host-parley=.+; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000');
    expect((await upgrade({ ...headers, cookie: cookieOf(answer) }, behind)).status).toBe(101);
    await behind.stop();
    removeDataDir(behind);
  });

  it('keeps its user when it takes another name', async () => {
    const first = await signIn('Ann', { headers: { origin } });
    const second = await signIn('Anna', { headers: { origin, cookie: cookieOf(first) } });
    const [one, other] = [first, second].map(
      ({ body }) => (JSON.parse(body) as { user: { id: string; name: string } }).user,
    );
    expect(other).toEqual({ id: one?.id, name: 'Anna' });
    expect(JSON.parse((await ask(SESSION_PATH, { headers: { cookie: cookieOf(first) } })).body)).toEqual({
      user: other,
    });
  });

  it.each(['', '   ', '\u200b', 'a\u0000b', 'Ann\u202eeve', 'x'.repeat(65), '\ud800'])(
    'is refused for the name %j',
    async (name) => {
      const answer = await signIn(name);
      expect([answer.status, answer.body]).toEqual([400, '{"code":"invalid_name"}']);
    },
  );

  it.each([
    ['no object', '[]'],
    ['no name', '{}'],
    ['more than a name', '{"name":"Ann","id":"u_AAAAAAAAAAAAAAAAAAAAAA"}'],
    ['a prototype', '{"name":"Ann","__proto__":{"id":1}}'],
    ['no JSON', '{"name":'],
    ['nothing', ''],
    ['too much', JSON.stringify({ name: 'a'.repeat(20_000) })],
  ])('is refused for a body with %s', async (_, body) => {
    const answer = await ask(SESSION_PATH, { method: 'POST', headers: json, body });
    expect([400, 413]).toContain(answer.status);
    expect(answer.body).toBe('{"code":"invalid_request"}');
  });

  it.each([
    ['text/plain', 400],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
  ])('as %s, which a form of another site could send, is refused', async (type, status) => {
    const headers = { 'content-type': type };
    expect((await ask(SESSION_PATH, { method: 'POST', headers, body: '{"name":"Ann"}' })).status).toBe(status);
  });

  it('ends with signing out, and what the browser stored with it', async () => {
    const cookie = cookieOf(await signIn('Ann', { headers: { origin } }));
    const answer = await ask(SESSION_PATH, { method: 'DELETE', headers: { cookie, origin } });
    expect(answer.status).toBe(204);
    expect(answer.headers['clear-site-data']).toBe('"storage"');
    expect(answer.headers['set-cookie']?.[0]).toMatch(/^parley=; .*Path=\/; Expires=Thu, 01 Jan 1970/);
  });
});

describe('a token', () => {
  const tokens = new SessionTokens(TEST_SECRET);
  const identity = { user: 'u_AAAAAAAAAAAAAAAAAAAAAA', name: 'Ann' };
  const good = tokens.issue({ ...identity, expiresAtMs: Date.now() + SESSION_LIFETIME_MS });
  const [payload = '', signature = ''] = good.split('.');
  const forged = Buffer.from(JSON.stringify({ u: 'u_BBBBBBBBBBBBBBBBBBBBBA', n: 'Eve', e: 1e15 })).toString(
    'base64url',
  );

  it('that this cluster signed opens a socket', async () => {
    expect((await upgrade({ authorization: `Bearer ${good}` })).status).toBe(101);
    expect((await upgrade({ authorization: `bearer ${good}` })).status).toBe(101);
  });

  it.each([
    ['expired', tokens.issue({ ...identity, expiresAtMs: Date.now() - 1 })],
    ['signed with another secret', new SessionTokens('another secret').issue({ ...identity, expiresAtMs: 1e15 })],
    ['with other claims', `${forged}.${signature}`],
    ['with no signature', `${payload}.`],
    ['with half a signature', `${payload}.${signature.slice(0, 20)}`],
    ['with one bit turned', `${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`],
    ['with more parts', `${good}.x`],
    ['of nothing', ''],
    ['that is no token', '../../etc/passwd'],
  ])('%s: 401', async (_, token) => {
    expect((await upgrade({ authorization: `Bearer ${token}` })).status).toBe(401);
    expect((await upgrade({ cookie: `parley=${token}`, origin })).status).toBe(401);
    expect((await ask(SESSION_PATH, { headers: { cookie: `parley=${token}` } })).status).toBe(401);
  });

  it('in a URL is none', async () => {
    const socket = new WebSocket(`${relay.url.replace('http', 'ws')}${SOCKET_PATH}?token=${good}`, { origin });
    const status = await new Promise((resolve) => {
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode));
      socket.on('open', () => resolve(101));
      socket.on('error', () => {});
    });
    expect(status).toBe(401);
  });
});

describe('sign-ins from one address', () => {
  it('are limited, and told how long to wait', async () => {
    const strict = await startRelay({ RATE_SIGN_INS: '0.1/2' });
    expect((await signIn('One', { at: strict })).status).toBe(200);
    expect((await signIn('Two', { at: strict, path: TOKEN_PATH })).status).toBe(200);
    const third = await signIn('Three', { at: strict });
    expect([third.status, third.body]).toEqual([429, '{"code":"rate_limited"}']);
    expect(Number(third.headers['retry-after'])).toBeGreaterThanOrEqual(9);
    const spoofed = { 'x-forwarded-for': '203.0.113.9', 'x-real-ip': '203.0.113.9', forwarded: 'for=203.0.113.9' };
    expect((await signIn('Four', { at: strict, headers: spoofed })).status).toBe(429);
    await strict.stop();
    removeDataDir(strict);
  });

  it('are told apart by what a trusted proxy says, and by nothing that it only passes on', async () => {
    const behind = await startRelay({ RATE_SIGN_INS: '0.1/1', TRUST_PROXY: '127.0.0.1' });
    const from = (address: string) => signIn('Ann', { at: behind, headers: { 'x-forwarded-for': address } });
    expect((await from('203.0.113.1')).status).toBe(200);
    expect((await from('203.0.113.2')).status).toBe(200);
    expect((await from('203.0.113.2')).status).toBe(429);
    expect((await from('198.51.100.7, 203.0.113.2')).status).toBe(429);
    await behind.stop();
    removeDataDir(behind);
  });
});

describe('every answer', () => {
  const wanted = {
    'content-security-policy': expect.stringMatching(
      /^default-src 'none'; .*frame-ancestors 'none'; require-trusted-types-for 'script'$/,
    ),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
  const upgrading = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };

  it.each<[string, string, { method?: string; headers?: Headers; body?: string }, number]>([
    ['the page', '/', {}, 200],
    ['a script', '/assets/main-abc123.js', {}, 200],
    ['a script that is not there', '/assets/main-old.js', {}, 404],
    ['a path that is not there', '/nothing', {}, 404],
    ['a path outside of the page', '/..%2f..%2fetc%2fpasswd', {}, 404],
    ['a path that cannot be read', '/%c3%28', {}, 400],
    ['another method', '/healthz', { method: 'PUT' }, 404],
    ['a body that is none', SESSION_PATH, { method: 'POST', headers: json, body: '{' }, 400],
    ['nobody signed in', SESSION_PATH, {}, 401],
    [
      'another site',
      SESSION_PATH,
      { method: 'POST', headers: { ...json, origin: 'https://evil.example' }, body: '{"name":"x"}' },
      403,
    ],
    ['health', '/healthz', {}, 200],
    ['readiness', '/readyz', {}, 200],
    ['a probe', '/lb/ping', {}, 204],
    ['the socket without an upgrade', SOCKET_PATH, {}, 403],
    ['an upgrade of nobody', SOCKET_PATH, { headers: { ...upgrading, authorization: 'Bearer x' } }, 401],
    ['an upgrade from another site', SOCKET_PATH, { headers: { ...upgrading, origin: 'https://evil.example' } }, 403],
    ['an upgrade of another route', '/healthz', { headers: upgrading }, 404],
    ['an upgrade of no route', '/nothing', { headers: upgrading }, 404],
  ])('has the headers, and nothing of the machine in it: %s', async (_, path, options, status) => {
    const answer = await ask(path, options);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(wanted);
    expect(answer.headers['x-powered-by'] ?? answer.headers['server']).toBeUndefined();
    if (status >= 400) expect(answer.body).toMatch(/^\{"code":"[a-z_]+"\}$/);
    if (status >= 400) expect(answer.headers['cache-control']).toBe('no-store');
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n', '400 Bad Request'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', '400 Bad Request'],
    [
      'two lengths',
      'POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      '400 Bad Request',
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nHost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
  ])('has them also where a request cannot be read: %s', async (_, bytes, status) => {
    const raw = new RawSocket(Number(new URL(relay.url).port));
    raw.tcp.write(bytes);
    const answer = await raw.all();
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head.split('\r\n')[0]).toBe(`HTTP/1.1 ${status}`);
    for (const name of Object.keys(wanted)) expect(head).toContain(`${name}: `);
    expect(body).toBe('{"code":"invalid_request"}');
  });

  it('of a node that is not ready says when to come back', async () => {
    const leaving = await startRelay();
    const cookie = cookieOf(await signIn('Ann', { at: leaving, headers: { origin: leaving.url } }));
    await leaving.node.stop();
    for (const answer of [
      await signIn('Bob', { at: leaving }),
      await upgrade({ cookie, origin: leaving.url }, leaving),
      await ask('/readyz', { at: leaving }),
    ]) {
      expect(answer.status).toBe(503);
      expect(answer.headers).toMatchObject(wanted);
    }
    expect((await upgrade({ cookie, origin: leaving.url }, leaving)).headers['retry-after']).toBe('1');
    expect((await ask('/healthz', { at: leaving })).status).toBe(200);
    await leaving.stop();
    removeDataDir(leaving);
  });
});

describe('the page', () => {
  it('is asked for anew, and its hashed files never again', async () => {
    expect((await ask('/')).headers['cache-control']).toBe('no-cache');
    const script = await ask('/assets/main-abc123.js');
    expect(script.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(script.headers['content-type']).toMatch(/javascript/);
  });

  it.each([
    ['br, gzip', 'br', 'brotli'],
    ['gzip', 'gzip', 'gzip'],
    ['identity', undefined, 'plain'],
  ])('comes as it was compressed when built, to who takes %s', async (accepted, encoding, body) => {
    const answer = await ask('/assets/main-abc123.js', { headers: { 'accept-encoding': accepted } });
    expect(answer.headers['content-encoding']).toBe(encoding);
    expect(answer.body).toBe(body);
    expect(answer.headers.vary).toMatch(/accept-encoding/i);
    expect(answer.headers['cache-control']).toMatch(/immutable/);
  });
});
