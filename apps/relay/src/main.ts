/** The process: settings, parts, listening, signals, exit code. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import { adminApp } from './http/admin.ts';
import { buildApp } from './app.ts';
import { type Config, ConfigError, readConfig, sayWrong } from './config.ts';
import { nextIncarnation, readOrMakeSecret } from './data-dir.ts';
import { systemEnvironment } from './environment.ts';
import { createEmbeddedLog } from './log/embedded.ts';
import type { Log } from './log/log.ts';
import { RelayNode } from './node.ts';
import { EXIT_CONFIG, explainStart } from './start-fault.ts';

/** So long a closing handshake may take at the end, in milliseconds. */
const CLOSE_PATIENCE_MS = 1_000;

const config = read();
const logger = pino({ level: config.logLevel, base: { node: config.node } });
const environment = systemEnvironment(logger);

await main().catch((error: unknown) => {
  const wrong = explainStart(error, config);
  if (wrong === undefined) throw error;
  process.stderr.write(`${wrong.sentence}\n`);
  process.exit(wrong.exitCode);
});

function read(): Config {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`${problem}\n`);
    process.exit(EXIT_CONFIG);
  }
}

async function main(): Promise<void> {
  if (config.webRoot !== undefined && !existsSync(`${config.webRoot}/index.html`))
    throw new ConfigError([sayWrong('WEB_ROOT', config.webRoot, 'a folder with an index.html')]);
  const incarnation = nextIncarnation(config.dataDir, systemClock);
  const sessionSecret = config.sessionSecret ?? readOrMakeSecret(config.dataDir, systemRandom);
  const allowedOrigins = new Set(config.allowedOrigins);
  const node = new RelayNode({
    config,
    environment,
    log: await createLog(),
    viewFile: `${config.dataDir}/view.sqlite`,
    incarnation,
    onFatal: (reason) => {
      logger.error({ reason }, 'this node leaves');
      void leave(1);
    },
  });
  const webRoot = config.webRoot ?? builtPage();
  const app = await buildApp({
    config: { ...config, webRoot },
    environment,
    logger,
    node,
    sessionSecret,
    allowedOrigins,
  });
  let leaving: Promise<void> | undefined;
  const leave = (code: number): Promise<void> => (leaving ??= stop(code));
  const stop = async (code: number): Promise<void> => {
    await node.stop();
    // A peer that does not answer the closing handshake holds nobody up.
    environment.clock.setTimer(() => process.exit(code), CLOSE_PATIENCE_MS);
    await app.close();
    process.exit(code);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void leave(0));

  // Listening first: the probe in front learns why the node is not ready yet.
  await app.listen({ host: config.host, port: config.port });
  const [address] = app.addresses();
  const port = typeof address === 'object' ? address.port : config.port;
  if (allowedOrigins.size === 0)
    for (const host of ['localhost', '127.0.0.1']) allowedOrigins.add(`http://${host}:${port}`);
  if (config.adminPort !== undefined) await adminApp(node).listen({ host: '127.0.0.1', port: config.adminPort });
  await node.start();
  logger.info({ port, log: config.log, page: webRoot !== undefined }, `listening on http://${config.host}:${port}`);
}

async function createLog(): Promise<Log> {
  const { clock, random } = environment;
  if (config.log === 'embedded')
    return createEmbeddedLog({ file: `${config.dataDir}/log.sqlite`, clock, random, logger });
  // Loaded only where it is used: the embedded mode needs no Kafka client.
  const { createKafkaLog } = await import('./log/kafka.ts');
  return createKafkaLog({
    ...config.kafka,
    node: config.node,
    clock,
    random,
    logger,
  });
}

function builtPage(): string | undefined {
  const folder = fileURLToPath(new URL('../../web/dist', import.meta.url));
  return existsSync(folder) ? folder : undefined;
}
