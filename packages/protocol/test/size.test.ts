import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { describe, expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../src/index.ts', import.meta.url));
/** The figure that README.md gives, and a little room. */
const MOST_BYTES = 13_000;

/** What a browser loads when it uses `names` of this package: minified by the page's own bundler, then gzipped. */
async function bundledBytes(names: readonly string[]): Promise<number> {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      target: 'es2024',
      rollupOptions: { input: 'entry', preserveEntrySignatures: 'strict' },
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? '\0entry' : null),
        load: (id) => (id === '\0entry' ? `export { ${names.join(', ')} } from ${JSON.stringify(ENTRY)}` : null),
      },
    ],
  });
  const [output] = [result].flat();
  if (output === undefined || !('output' in output)) throw new Error('no bundle');
  const code = output.output.map((chunk) => (chunk.type === 'chunk' ? chunk.code : '')).join('');
  return gzipSync(code, { level: 9 }).length;
}

describe('size in a browser', () => {
  it('stays small: zod/mini, and nothing of zod that is not used', async () => {
    const bytes = await bundledBytes(['decodeRelayFrame', 'encodeClientFrame', 'makeOperationId', 'checkText']);
    console.log(`protocol, bundled for a browser: ${(bytes / 1000).toFixed(1)} kB gz`);
    expect(bytes).toBeGreaterThan(2_000);
    expect(bytes).toBeLessThan(MOST_BYTES);
  }, 30_000);
});
