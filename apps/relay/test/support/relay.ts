/** A whole relay with the embedded log in this process, on a free port, and real clients on real sockets. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { pino } from 'pino';
import { buildApp } from '../../src/app.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { systemEnvironment } from '../../src/environment.ts';
import { createEmbeddedLog } from '../../src/log/embedded.ts';
import { RelayNode } from '../../src/node.ts';

export const TEST_SECRET = 'a secret of the tests: 32 bytes and more';

export interface TestRelay {
  url: string;
  dataDir: string;
  node: RelayNode;
  config: Config;
  stop(): Promise<void>;
}

/** @param settings Environment variables beside the defaults. */
export async function startRelay(
  settings: Record<string, string> = {},
  dataDir = mkdtempSync(join(tmpdir(), 'parley-relay-')),
): Promise<TestRelay> {
  const config = readConfig({
    NODE_ID: 'test',
    DATA_DIR: dataDir,
    PORT: '0',
    LOG_LEVEL: 'silent',
    RATE_SIGN_INS: '1000/1000',
    ...settings,
  });
  const logger = pino({ level: config.logLevel });
  const environment = systemEnvironment(logger);
  const log = createEmbeddedLog({
    file: join(dataDir, 'log.sqlite'),
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  const node = new RelayNode({
    config,
    environment,
    log,
    viewFile: join(dataDir, 'view.sqlite'),
    incarnation: Date.now(),
    onFatal: (reason) => {
      throw new Error(reason);
    },
  });
  const allowedOrigins = new Set(config.allowedOrigins);
  const app = await buildApp({
    config,
    environment,
    logger,
    node,
    sessionSecret: TEST_SECRET,
    allowedOrigins,
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  allowedOrigins.add(url);
  await node.start();
  await until(() => node.unreadyReason() === undefined);
  return {
    url,
    dataDir,
    node,
    config,
    stop: async () => {
      await node.stop();
      await app.close();
    },
  };
}

export function removeDataDir(relay: TestRelay): void {
  rmSync(relay.dataDir, { recursive: true, force: true });
}

/** For what gives no event: asks again every few milliseconds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
