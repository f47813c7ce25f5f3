import babel from '@rolldown/plugin-babel';
import { lingui } from '@lingui/vite-plugin';
import react from '@vitejs/plugin-react';
import { type Plugin, defineConfig } from 'vite';
import { readFileSync } from 'node:fs';
import { precompress } from './scripts/precompress.ts';

/** The bundler orders styles by its chunks; the order of the cascade layers must not follow from that. */
function layersFirst(): Plugin {
  const layers = readFileSync(new URL('src/styles/layers.css', import.meta.url), 'utf8').trim();
  return {
    name: 'layers-first',
    enforce: 'post',
    apply: 'build',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle))
        if (file.type === 'asset' && file.fileName.endsWith('.css')) file.source = `${layers}${String(file.source)}`;
    },
  };
}

const relay = process.env.RELAY_URL ?? 'http://127.0.0.1:8081';

export default defineConfig({
  plugins: [
    react(),
    // A key without a translation stops the build.
    lingui({ failOnMissing: true, failOnCompileError: true }),
    layersFirst(),
    babel({
      presets: [
        {
          preset: { plugins: ['@lingui/babel-plugin-lingui-macro'] },
          rolldown: { filter: { code: /from ['"]@lingui\/(?:core|react)\/macro['"]/ } },
        },
      ],
    }),
    precompress(),
  ],
  resolve: { conditions: ['development|production', 'module', 'browser'] },
  server: {
    host: '127.0.0.1',
    proxy: { '/ws': { target: relay, ws: true, changeOrigin: false }, '/api': { target: relay, changeOrigin: false } },
  },
  build: {
    target: 'es2023',
    modulePreload: { polyfill: false },
    // The page's Content-Security-Policy has no `data:` for scripts and styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    // One small file: in several, the order of the cascade layers would depend on which comes first.
    cssCodeSplit: false,
  },
});
