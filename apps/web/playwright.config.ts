import { defineConfig } from '@playwright/test';
import { launchOptions } from './e2e/support/chromium.ts';
import type { SystemOptions } from './e2e/support/system.ts';

/**
 * The same tests on one relay with its log inside, and on the native cluster of three behind Nginx. With PARLEY_URL they
 * run against whatever stands there. `e2e --project embedded` is the quick way.
 */
export default defineConfig<object, SystemOptions>({
  testDir: 'e2e',
  outputDir: 'test-results',
  fullyParallel: false,
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  forbidOnly: true,
  reporter: [['./e2e/support/table-reporter.ts']],
  use: { launchOptions, locale: 'en-GB', viewport: { width: 1280, height: 800 }, trace: 'retain-on-failure' },
  projects:
    process.env.PARLEY_URL === undefined
      ? [
          { name: 'embedded', use: { kind: 'embedded' }, grepInvert: /@nodes/ },
          // What is only of the page has been seen on one node already.
          {
            name: 'cluster',
            use: { kind: 'cluster' },
            grepInvert: /@one-node/,
            testIgnore: ['**/look.spec.ts', '**/scroll.spec.ts'],
          },
        ]
      : [{ name: 'given', use: { kind: 'given' }, grepInvert: /@nodes|@one-node/ }],
});
