import babel from '@rolldown/plugin-babel';
import { lingui } from '@lingui/vite-plugin';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { precompress } from './scripts/precompress.ts';

const relay = process.env.RELAY_URL ?? 'http://127.0.0.1:8081';

export default defineConfig({
  plugins: [
    react(),
    // A key without a translation stops the build.
    lingui({ failOnMissing: true, failOnCompileError: true }),
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
  },
});
