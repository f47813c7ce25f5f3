import { defineConfig } from 'vitest/config';

// Real processes on a busy machine: the time-outs only end what hangs.
export default defineConfig({ test: { testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false } });
