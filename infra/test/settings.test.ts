/** `pnpm cluster`, given what it cannot use: a sentence and an exit code before anything is started. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../native/ports.ts';
import { readSettings } from '../native/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-settings-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const MAIN = join(import.meta.dirname, '../native/main.ts');

function runCluster(
  settings: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [MAIN], { env: { PATH, ...settings } });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...output })));
}

describe('a setting of the cluster', () => {
  it.each([
    ['PORT', 'http', 'a whole number from 0 to 65535'],
    ['PORT', '65536', 'a whole number from 0 to 65535'],
    ['PORT', '-1', 'a whole number from 0 to 65535'],
    ['CLUSTER_DATA', `${MAIN}/data`, 'a folder that this user may write to'],
    ['CLUSTER_DATA', MAIN, 'a folder that this user may write to'],
    ['CLUSTER_DATA', '/proc/parley/data', 'a folder that this user may write to'],
  ])('that is wrong stops it with 78: %s=%s', async (variable, value, allowed) => {
    expect(await runCluster({ PORT: String(await freePort()), [variable]: value })).toEqual({
      code: 78,
      stdout: '',
      stderr: `${variable} is "${value}"; allowed: ${allowed}.\n`,
    });
  });

  it('that names a port which is taken stops it with 75', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    expect(await runCluster({ PORT: port })).toEqual({
      code: 75,
      stdout: '',
      stderr: `PORT is "${port}"; allowed: a port that this user may listen on and no other process does.\n`,
    });
    server.close();
  });

  it('may be empty, which counts as unset, or a folder that is not there yet', async () => {
    const port = await freePort();
    expect(await readSettings({ PORT: String(port), CLUSTER_DATA: '' })).toEqual({ port });
    expect(await readSettings({ PORT: '0' })).toEqual({ port: 0 });
    const dataDir = join(folder, 'deep', 'data');
    expect(await readSettings({ PORT: '0', CLUSTER_DATA: dataDir })).toEqual({ port: 0, dataDir });
    expect(existsSync(dataDir)).toBe(true);
  });
});
