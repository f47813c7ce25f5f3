import { defineConfig } from 'vitest/config';

// Nginx, three relays, three brokers and three ZooKeepers as real processes, one cluster a file.
export default defineConfig({
  ssr: { resolve: { conditions: ['development'], externalConditions: ['development'] } },
  test: { include: ['test/cluster/**/*.test.ts'], hookTimeout: 180_000, testTimeout: 90_000, fileParallelism: false },
});
