/**
 * Whether `pnpm dev` is what it says: a page edit shows without a reload and without losing the conversation, a relay edit
 * is served again within seconds, a protocol edit reaches both. Works on a clone of what is committed, in a real browser.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChatClient, requestToken } from '@parley/client';
import { chromium, type Page } from 'playwright-core';

const START_WITHIN_MS = 120_000;
const STEP_WITHIN_MS = 20_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const clone = mkdtempSync(join(tmpdir(), 'parley-dev-'));
let served = 0;

try {
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone]);
  execFileSync('pnpm', ['install', '--frozen-lockfile', '--prefer-offline'], { cwd: clone, stdio: 'ignore' });
  const [pagePort, relayPort] = [await freePort(), await freePort()];
  const dev = startDev(pagePort, relayPort);
  try {
    await measured('page and relay are up', () =>
      waitFor(async () => (await answers(pagePort, '/')) && (await answers(relayPort, '/readyz')), START_WITHIN_MS),
    );
    await tryOut(`http://localhost:${pagePort}`, `http://127.0.0.1:${relayPort}`);
  } finally {
    if (dev.exitCode === null && dev.pid !== undefined) {
      process.kill(-dev.pid, 'SIGTERM');
      await once(dev, 'exit');
    }
  }
  console.log('pnpm dev: edits show as they should');
} finally {
  rmSync(clone, { recursive: true, force: true });
}

async function tryOut(pageUrl: string, relayUrl: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ['--no-sandbox', '--disable-gpu'] });
  try {
    const page = await browser.newPage();
    await page.goto(pageUrl);
    // The first visit waits for vite to prepare the dependencies.
    await page.getByRole('textbox').fill('Dora', { timeout: START_WITHIN_MS });
    await page.keyboard.press('Enter');
    await isOnline(page);
    const { user, token } = await requestToken(relayUrl, 'Emil');
    const emil = createChatClient({ url: relayUrl, token });
    emil.start();
    await page.getByTestId('people').locator('li').filter({ hasText: 'Emil' }).click();
    await say(page, 'before the edits');
    await page.evaluate('globalThis.notReloaded = true');

    await measured('page edit', async () => {
      edit('apps/web/src/features/shell/shell.tsx', '<main ', '<main data-edited ');
      await page.locator('main[data-edited]').waitFor({ timeout: STEP_WITHIN_MS });
    });
    if ((await page.evaluate('globalThis.notReloaded')) !== true) throw new Error('the page was reloaded');
    await page.getByTestId('timeline').getByText('before the edits').waitFor({ timeout: STEP_WITHIN_MS });

    await measured('relay edit: served again', async () => {
      const before = served;
      append('apps/relay/src/session/dispatch.ts');
      await waitFor(() => served > before, STEP_WITHIN_MS);
    });
    await measured('relay edit: the socket is back', () => say(page, 'after the relay'));

    await measured('protocol edit: relay', async () => {
      const before = served;
      append('packages/protocol/src/limits.ts');
      await waitFor(() => served > before, STEP_WITHIN_MS);
    });
    await measured('protocol edit: page', async () => {
      const source = `${pageUrl}/@fs${clone}/packages/protocol/src/limits.ts`;
      await waitFor(async () => (await (await fetch(source)).text()).includes('edited'), STEP_WITHIN_MS);
      await say(page, 'after the protocol');
    });
    await emil.stop();
    console.log(`told to ${user.name} all the while`);
  } finally {
    await browser.close();
  }
}

function startDev(pagePort: number, relayPort: number): ChildProcess {
  const child = spawn('pnpm', ['dev'], {
    cwd: clone,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PORT: String(pagePort), RELAY_PORT: String(relayPort), LOG: 'embedded', CI: '' },
  });
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    served = output.split('caught up with the log').length - 1;
  });
  return child;
}

async function isOnline(page: Page): Promise<void> {
  await page.locator('[data-testid=own-state][data-state=online]').waitFor({ timeout: STEP_WITHIN_MS });
}

/** Writes and waits until it is acknowledged. */
async function say(page: Page, text: string): Promise<void> {
  await page.locator('[data-focus=composer]').fill(text);
  await page.keyboard.press('Enter');
  const row = page.getByTestId('timeline').locator('article').filter({ hasText: text });
  await row.locator('[data-mark=sent], [data-mark=seen]').waitFor({ timeout: STEP_WITHIN_MS });
}

function edit(file: string, from: string, to: string): void {
  const path = join(clone, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(path, text.replace(from, to));
}

function append(file: string): void {
  const path = join(clone, file);
  writeFileSync(path, `${readFileSync(path, 'utf8')}\n// edited\n`);
}

async function measured(what: string, work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  console.log(`${(ms / 1000).toFixed(2).padStart(7)} s  ${what}`);
  return ms;
}

async function waitFor(holds: () => boolean | Promise<boolean>, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function answers(port: number, path: string): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function chromiumPath(): string {
  const found = [
    process.env['CHROMIUM'] ?? '',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find((path) => existsSync(path));
  if (found === undefined) throw new Error('no Chromium found: set CHROMIUM to its path');
  return found;
}
