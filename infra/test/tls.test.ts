/**
 * Nginx that ends TLS, with the very files an operator gets (nginx.conf, tls/site.conf), before a real relay: page, sign-in,
 * WebSocket, Origin. Only ports and folders are put in their place.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { request } from 'node:https';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ClusterHome } from '../native/home.ts';
import { freePort } from '../native/ports.ts';
import { answers } from '../native/probes.ts';
import { findTool } from '../native/tools.ts';

const NGINX = fileURLToPath(new URL('../nginx', import.meta.url));
const RELAY_MAIN = fileURLToPath(new URL('../../apps/relay/src/main.ts', import.meta.url));
const home = new ClusterHome();
const ports = { http: 0, https: 0, relay: 0 };
let certificate: Buffer;
let origin: string;

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(`${origin}${path}`, { method, headers, ca: certificate, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString(),
        }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

/** The first frame that comes, or the status with which the upgrade is refused. */
function upgrade(headers: Record<string, string>): Promise<string | number> {
  const socket = new WebSocket(`${origin.replace('https', 'wss')}/ws`, { ca: certificate, headers });
  return new Promise((resolve) => {
    socket.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
    socket.once('error', (error) => resolve(error.message));
    socket.once('open', () =>
      socket.send('{"type":"hello","version":1,"oldest":1,"device":"v_AAAAAAAAAAAAAAAAAAAAAA"}'),
    );
    socket.once('message', (data: Buffer) => {
      resolve(data.toString());
      socket.terminate();
    });
  });
}

function signIn(headers: Record<string, string>): Promise<Answer> {
  const json = { 'content-type': 'application/json', ...headers };
  return ask('/api/session', { method: 'POST', headers: json, body: '{"name":"Ann"}' });
}

beforeAll(async () => {
  for (const name of ['http', 'https', 'relay'] as const) ports[name] = await freePort();
  origin = `https://localhost:${ports.https}`;
  const [folder, page] = [home.folderOf('nginx'), home.folderOf('page')];
  writeFileSync(`${page}/index.html`, '<!doctype html><title>the page</title>');
  makeCertificate(`${folder}/tls`);
  const site = readFileSync(`${NGINX}/tls/site.conf`, 'utf8')
    .replace('listen 80 ', `listen 127.0.0.1:${ports.http} `)
    .replace('listen 443 ', `listen 127.0.0.1:${ports.https} `)
    .replace('/srv/parley/nginx/html', `${NGINX}/html`)
    .replaceAll('/srv/parley/tls', `${folder}/tls`);
  writeFileSync(`${folder}/site.conf`, site);
  writeFileSync(`${folder}/relays.conf`, `server 127.0.0.1:${ports.relay} max_fails=1 fail_timeout=0;\n`);
  symlinkSync(`${NGINX}/nginx.conf`, `${folder}/nginx.conf`);
  await startRelay(page);
  await startNginx(folder);
});
afterAll(() => home.close());

function makeCertificate(folder: string): void {
  mkdirSync(folder);
  const [key, chain] = [`${folder}/privkey.pem`, `${folder}/fullchain.pem`];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', chain, ...name];
  execFileSync('openssl', args, { stdio: 'pipe' });
  certificate = readFileSync(chain);
}

function startRelay(page: string): Promise<void> {
  const url = `http://127.0.0.1:${ports.relay}`;
  return home
    .add({
      name: 'relay',
      kind: 'relay',
      port: ports.relay,
      url,
      command: process.execPath,
      args: ['--conditions=development', RELAY_MAIN],
      env: {
        PATH: process.env['PATH'],
        NODE_ID: 'relay-1',
        PORT: String(ports.relay),
        DATA_DIR: `${home.folderOf('relay')}/data`,
        ALLOWED_ORIGINS: origin,
        TRUST_PROXY: '127.0.0.1',
        WEB_ROOT: page,
      },
      isReady: () => answers(`${url}/readyz`),
      readyWithinMs: 30_000,
    })
    .start();
}

function startNginx(folder: string): Promise<void> {
  const user = process.getuid?.() === 0 ? ' user root;' : '';
  return home
    .add({
      name: 'nginx',
      kind: 'nginx',
      port: ports.https,
      command: findTool('nginx'),
      args: ['-p', `${folder}/`, '-c', 'nginx.conf', '-e', 'stderr', '-g', `daemon off;${user}`],
      env: { PATH: process.env['PATH'] },
      isReady: () =>
        ask('/nginx-health').then(
          ({ status }) => status === 200,
          () => false,
        ),
      readyWithinMs: 10_000,
    })
    .start();
}

describe('behind TLS', () => {
  it('the file is the one that the page for operators shows', () => {
    const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`nginx\n${readFileSync(`${NGINX}/tls/site.conf`, 'utf8')}\`\`\``);
  });

  it('the page comes, and says that it never wants to be asked for without', async () => {
    const { status, headers, body } = await ask('/');
    expect([status, body]).toEqual([200, '<!doctype html><title>the page</title>']);
    expect(headers['strict-transport-security']).toBe('max-age=31536000');
  });

  it('plain HTTP is sent there', async () => {
    const moved = await new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
      requestPlain(`http://localhost:${ports.http}/?room=1`, ({ statusCode, headers }) =>
        resolve([statusCode, headers.location]),
      )
        .once('error', reject)
        .end();
    });
    expect(moved).toEqual([301, 'https://localhost/?room=1']);
  });

  it('a sign-in gets a cookie that only this host and only TLS see, and it opens the socket', async () => {
    const { status, headers } = await signIn({ origin });
    expect(status).toBe(200);
    const [cookie = ''] = headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^__Host-parley=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const [pair = ''] = cookie.split(';');
    expect(await upgrade({ origin, cookie: pair })).toContain('"type":"welcome"');
  });

  it("another page's Origin is refused, also the same host's without TLS, and none at all", async () => {
    const { headers } = await signIn({ origin });
    const [cookie = ''] = headers['set-cookie']?.[0]?.split(';') ?? [];
    for (const other of ['https://evil.example', origin.replace('https', 'http'), `${origin}.example`]) {
      expect((await signIn({ origin: other })).status, other).toBe(403);
      expect(await upgrade({ origin: other, cookie }), other).toBe(403);
    }
    expect(await upgrade({ cookie })).toBe(403);
    expect(await upgrade({ origin })).toBe(401);
  });
});
