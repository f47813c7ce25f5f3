/**
 * `pnpm stranger`: whether somebody who has nothing but the packed packages can use them. tests/stranger/README.md holds
 * the program and says what is done with it.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MOST_LINES = 19;
const READY_WITHIN_MS = 30_000;
const TALK_WITHIN_MS = 30_000;
const PACKAGES = ['protocol', 'client'] as const;

const root = fileURLToPath(new URL('..', import.meta.url));
const execute = promisify(execFile);
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

/** Runs a step, prints what it found and how long it took; its failure is the test's. */
async function step(name: string, work: () => Promise<string>): Promise<void> {
  const started = performance.now();
  const found = await work().catch((error: unknown) => {
    throw new Error(`${name}: ${explain(error)}`, { cause: error });
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`passed ${seconds.padStart(6)} s  ${name}${found === '' ? '' : `: ${found}`}`);
}

/** A compiler and a linter say on standard output what is wrong. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stdout' in error && 'stderr' in error ? `\n${String(error.stdout)}${String(error.stderr)}` : '';
  return error.message + said;
}

async function run(command: string, args: readonly string[], folder: string): Promise<string> {
  const { stdout } = await execute(command, args, { cwd: folder, timeout: 180_000 });
  return stdout.trim();
}

// The package manager that runs this script, or the one that the repository names.
const pnpm = (args: readonly string[], folder: string): Promise<string> => {
  const path = process.env['npm_execpath'];
  if (path?.endsWith('js') === true) return run(process.execPath, [path, ...args], folder);
  return run('npx', ['-y', 'pnpm@12.21.0', ...args], folder);
};

async function readProgram(): Promise<string> {
  const page = await readFile(join(root, 'tests/stranger/README.md'), 'utf8');
  const program = /^```ts\n(?<code>.*?)^```/ms.exec(page)?.groups?.['code'];
  if (program === undefined) throw new Error('tests/stranger/README.md has no program');
  return program;
}

async function packAll(folder: string): Promise<string> {
  for (const name of PACKAGES) {
    const out = join(folder, name);
    await mkdir(out);
    await pnpm(['pack', '--pack-destination', out], join(root, 'packages', name));
  }
  const sizes = await Promise.all(
    PACKAGES.map(async (name) => `${name} ${await kilobytesOf(await tarballOf(folder, name))}`),
  );
  return sizes.join(', ');
}

async function tarballOf(folder: string, name: string): Promise<string> {
  const [file] = await readdir(join(folder, name));
  if (file === undefined) throw new Error(`no tarball of ${name}`);
  return join(folder, name, file);
}

const kilobytesOf = async (file: string): Promise<string> => `${((await readFile(file)).length / 1000).toFixed(0)} kB`;

const STRICT = {
  target: 'es2024',
  strict: true,
  skipLibCheck: false,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  noEmit: true,
};

/** Who reads the types: Node, a page behind a bundler, and somebody who has neither the DOM's types nor Node's. */
const READERS = {
  nodenext: { module: 'nodenext', lib: ['es2024'], types: ['node'] },
  // Vite's dev server asks for the condition by which the workspace reads sources: a stranger gets none.
  bundler: {
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2024', 'dom'],
    types: [],
    customConditions: ['development'],
  },
  bare: { module: 'nodenext', lib: ['es2024'], types: [] },
};

/** Needs no console: every name of both packages, and of a platform only the one that zod's own types want. */
const IMPORTS = `
import * as client from '@parley/client';
import * as protocol from '@parley/protocol';
import * as environment from '@parley/protocol/environment';
export const everything = { client, protocol, environment };
export const send: protocol.ClientFrameOf<'send'> = { type: 'send', conversation: '', messages: [] };
// @ts-expect-error -- a wrong type is an error: nothing of this is \`any\`.
export const wrong: protocol.ClientFrameOf<'send'> = { type: 'send', conversation: 1, messages: [] };
`;

async function versionOf(name: string): Promise<string> {
  const text = await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8');
  return /"version": "(?<version>[^"]+)"/.exec(text)?.groups?.['version'] ?? '*';
}

async function makeProject(folder: string, program: string, tarballs: string): Promise<void> {
  const [protocol, client] = await Promise.all(PACKAGES.map((name) => tarballOf(tarballs, name)));
  const dependencies = { '@parley/client': `file:${client}`, '@parley/protocol': `file:${protocol}` };
  const devDependencies = { typescript: await versionOf('typescript'), '@types/node': await versionOf('@types/node') };
  const manifest = { name: 'stranger', private: true, type: 'module', dependencies, devDependencies };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  // Not published yet: the client's own dependency on the protocol is answered by the other tarball.
  await writeFile(join(folder, 'pnpm-workspace.yaml'), `overrides:\n  '@parley/protocol': 'file:${protocol}'\n`);
  await writeFile(join(folder, 'chat.ts'), program);
  await writeFile(join(folder, 'imports.ts'), IMPORTS);
  await writeFile(join(folder, 'platform.d.ts'), 'interface URL {}\n');
  for (const [name, options] of Object.entries(READERS)) {
    const files = name === 'bare' ? ['platform.d.ts', 'imports.ts'] : ['chat.ts', 'imports.ts'];
    const config = { compilerOptions: { ...STRICT, ...options }, files };
    await writeFile(join(folder, `tsconfig.${name}.json`), JSON.stringify(config));
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

interface RunningRelay {
  url: string;
  stop(): Promise<void>;
}

async function startRelay(dataDir: string): Promise<RunningRelay> {
  const port = await freePort();
  const env = { ...process.env, PORT: String(port), DATA_DIR: dataDir, LOG: 'embedded', LOG_LEVEL: 'warn' };
  const relay = spawn(process.execPath, ['--conditions=development', 'apps/relay/src/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => relay.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    relay.kill('SIGTERM');
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await isReady(url))) {
    if (relay.exitCode !== null) throw new Error(`the relay ended with code ${relay.exitCode}`);
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`the relay was not ready within ${READY_WITHIN_MS} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop };
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

async function talk(project: string, program: string, dataDir: string): Promise<string> {
  const relay = await startRelay(dataDir);
  try {
    const local = program.replace('http://localhost:8080', relay.url);
    if (local === program) throw new Error('the program names no URL to replace');
    await writeFile(join(project, 'chat.ts'), local);
    const started = performance.now();
    const { stdout } = await execute(process.execPath, ['chat.ts'], { cwd: project, timeout: TALK_WITHIN_MS });
    const expected = 'Ben reads: Hello, Ben\nAnn reads: Hello, Ben\n';
    if (stdout !== expected) throw new Error(`it said ${JSON.stringify(stdout)}`);
    return `both read it, ${((performance.now() - started) / 1000).toFixed(2)} s from start to exit`;
  } finally {
    await relay.stop();
  }
}

async function main(folder: string): Promise<void> {
  const [tarballs, project] = [join(folder, 'tarballs'), join(folder, 'project')];
  await Promise.all([mkdir(tarballs), mkdir(project)]);
  const program = await readProgram();
  await step('program', async () => {
    const lines = program.split('\n').filter((line) => line.trim() !== '').length;
    if (lines > MOST_LINES) throw new Error(`${lines} lines, at most ${MOST_LINES}`);
    return `${lines} lines`;
  });
  await step('build', () =>
    run(bin('turbo'), ['run', 'build', '--filter=@parley/client', '--output-logs=none'], root).then(() => ''),
  );
  await step('pack', () => packAll(tarballs));
  for (const name of PACKAGES) {
    const tarball = await tarballOf(tarballs, name);
    await step(`publint ${name}`, () => run(bin('publint'), ['run', tarball, '--strict'], root).then(() => 'clean'));
    const attw = [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'];
    await step(`attw ${name}`, () => run(bin('attw'), attw, root).then(() => 'clean'));
  }
  await step('install', async () => {
    await makeProject(project, program, tarballs);
    await pnpm(['install', '--prefer-offline', '--ignore-scripts'], project);
    return '';
  });
  for (const name of Object.keys(READERS))
    await step(`types as ${name}`, () =>
      run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', `tsconfig.${name}.json`], project),
    );
  await step('talk', () => talk(project, program, join(folder, 'data')));
}

const folder = await mkdtemp(join(tmpdir(), 'parley-stranger-'));
try {
  await main(folder);
} catch (error) {
  console.error(`FAILED ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
