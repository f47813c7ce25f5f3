import { configDefaults, defineConfig } from 'vitest/config';

// What needs a Kafka cluster has a config of its own: vitest.kafka.config.ts.
export default defineConfig({ test: { exclude: [...configDefaults.exclude, 'test/kafka/**'] } });
