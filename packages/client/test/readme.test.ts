import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../', import.meta.url));
const tsc = join(root, 'node_modules/.bin/tsc');

const strict = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: false,
};

/** zod's own declarations name the one type that every platform has. */
const BARE = `
export { createChatClient } from '@parley/client';
declare global {
  interface URL {
    readonly href: string;
  }
}
`;

/** The README's examples in a project like a stranger's, against the declarations that would be published. */
describe('README', () => {
  let project: string;
  const examples = new Map<string, string>();

  beforeAll(async () => {
    // Inside the package, so that its dependencies are found; what is ignored by git is not searched by tools.
    await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
    project = await mkdtemp(join(root, 'node_modules/.cache/readme-'));
    await Promise.all(['protocol', 'client'].map((name) => publish(name, project)));
    await symlink(join(root, 'node_modules/@types'), join(project, 'node_modules/@types'));
    examples.set('bare.ts', BARE);
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    for (const [, name = '', code = ''] of readme.matchAll(/^```ts example=(\S+)\n(.*?)^```$/gms)) {
      examples.set(name, code);
    }
    await Promise.all([...examples].map(([name, code]) => writeFile(join(project, name), code)));
    await writeFile(join(project, 'package.json'), '{ "type": "module" }');
  }, 60_000);

  afterAll(() => rm(project, { recursive: true, force: true }));

  it.each([
    // Only what the packages themselves need: neither the DOM's types nor Node's.
    { name: 'bare.ts', options: { lib: ['es2024'], types: [] } },
    { name: 'program.ts', options: { lib: ['es2024'], types: ['node'] } },
    { name: 'page.ts', options: { lib: ['es2024', 'dom'], types: [] } },
  ])(
    '$name compiles',
    async ({ name, options }) => {
      expect([...examples.keys()]).toContain(name);
      const config = `tsconfig.${name}.json`;
      const compilerOptions = { ...strict, ...options };
      await writeFile(join(project, config), JSON.stringify({ compilerOptions, files: [name] }));
      const problems = await run(tsc, ['-p', join(project, config)]).then(
        () => '',
        (error: unknown) => (error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)),
      );
      expect(problems).toBe('');
    },
    60_000,
  );

  it('shows the program in at most 20 lines', () => {
    expect(examples.get('program.ts')?.trim().split('\n').length).toBeLessThanOrEqual(20);
  });
});

/** Puts a package into the project as `npm install` would. */
async function publish(name: string, project: string): Promise<void> {
  const source = name === 'client' ? root : join(root, 'node_modules/@parley', name);
  const target = join(project, 'node_modules/@parley', name);
  await mkdir(target, { recursive: true });
  await cp(join(source, 'package.json'), join(target, 'package.json'));
  const options = ['--outDir', join(target, 'dist'), '--emitDeclarationOnly', '--customConditions', 'development'];
  // Through the link, tsc would see the sources twice.
  await run(tsc, ['-p', 'tsconfig.build.json', '--rootDir', 'src', ...options], { cwd: source });
  if (name === 'protocol') await symlink(join(source, 'node_modules/zod'), join(project, 'node_modules/zod'));
}
