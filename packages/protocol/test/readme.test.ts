import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

const project = mkdtempSync(join(tmpdir(), 'parley-readme-'));
afterAll(() => rmSync(project, { recursive: true }));

/** A project that has nothing but this package, and the examples of README.md as its files. */
function writeExamples(): string[] {
  mkdirSync(join(project, 'node_modules/@parley'), { recursive: true });
  symlinkSync(PACKAGE, join(project, 'node_modules/@parley/protocol'));
  symlinkSync(join(PACKAGE, 'node_modules/@types'), join(project, 'node_modules/@types'));
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    types: ['node'],
    noEmit: true,
    customConditions: ['development'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  return [...README.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = ''], at) => {
    const file = join(project, `example-${at + 1}.ts`);
    writeFileSync(file, code);
    return file;
  });
}

describe('the examples of README.md', () => {
  it('compile as they stand, strictly, and run', async () => {
    const examples = writeExamples();
    expect(examples).toHaveLength(3);
    await expect(run(process.execPath, [tsc, '-p', project])).resolves.toMatchObject({ stdout: '' });
    const outputs = await Promise.all(
      examples.map(async (file) => (await run(process.execPath, ['--conditions=development', file])).stdout),
    );
    expect(outputs[0]).toBe('');
    expect(outputs[1]).toContain('Hello 👋🏽');
    expect(outputs[2]).toBe('{"type":"pong","n":7}\n');
  }, 60_000);
});
