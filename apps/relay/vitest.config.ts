import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['development'], externalConditions: ['development'] } },
  // Property tests and whole relays on a machine that is busy with other suites.
  test: { testTimeout: 30_000, include: ['test/**/*.test.ts'], exclude: ['test/kafka/**', 'test/cluster/**'] },
});
