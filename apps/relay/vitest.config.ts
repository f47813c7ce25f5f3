import { defineConfig } from 'vitest/config';

export default defineConfig({
  ssr: { resolve: { conditions: ['development'], externalConditions: ['development'] } },
  test: { include: ['test/**/*.test.ts'], exclude: ['test/kafka/**', 'test/cluster/**'] },
});
