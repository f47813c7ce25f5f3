import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['development'], externalConditions: ['development'] } },
  // Whole clusters, on a machine that is busy with other suites.
  test: { testTimeout: 60_000, include: ['test/**/*.test.ts'] },
});
