import { defineConfig } from 'vitest/config';

// Real brokers: started once, by the tests themselves, through @parley/infra.
export default defineConfig({
  test: { include: ['test/kafka/**/*.test.ts'], hookTimeout: 120_000, testTimeout: 60_000, fileParallelism: false },
});
