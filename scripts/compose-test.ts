/**
 * `pnpm compose-test`: the whole system in containers, as infra/README.md tells to start it. Two people on two relays talk
 * through Nginx while a broker and a relay are killed under them; every message must arrive once and in order.
 * Where no container engine answers it says so and that nothing was tested.
 */
import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Talk } from './talk.ts';

const UP_WITHIN_S = 120;
const TALK_MS = 12_000;

const compose = fileURLToPath(new URL('../infra/compose.yml', import.meta.url));
const project = `parley-test-${process.pid}`;
const execute = promisify(execFile);

if (await hasEngine()) await test();
else console.log('compose test: NOT RUN, no container engine with compose answers here');

async function hasEngine(): Promise<boolean> {
  try {
    await execute('docker', ['version'], { timeout: 20_000 });
    await execute('docker', ['compose', 'version'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

async function test(): Promise<void> {
  const [port = 0, ...kafkaPorts] = await freePorts(4);
  const ports = Object.fromEntries(
    kafkaPorts.map((kafkaPort, index) => [`KAFKA_${index + 1}_PORT`, String(kafkaPort)]),
  );
  const environment = { ...process.env, ...ports, PORT: String(port), COMPOSE_PROGRESS: 'quiet' };
  const docker = async (...args: readonly string[]): Promise<string> => {
    const all = ['compose', '-p', project, '-f', compose, ...args];
    const { stdout } = await execute('docker', all, { env: environment, maxBuffer: 64 * 1024 * 1024 });
    return stdout.trim();
  };
  process.once('SIGINT', () => void docker('down', '-v', '-t', '2').finally(() => process.exit(130)));
  try {
    await step('build of the relay image', () => docker('build', '--quiet'));
    const upSeconds = await step('up --wait', () => docker('up', '--wait'));
    if (upSeconds > UP_WITHIN_S) throw new Error(`up --wait took more than ${UP_WITHIN_S} s`);
    await chat(`http://localhost:${port}`, docker);
  } catch (error) {
    console.error(await docker('logs', '--no-color', '--tail', '15').catch(String));
    console.error(error instanceof Error && 'stderr' in error ? String(error.stderr) : error);
    process.exitCode = 1;
  } finally {
    await step('down -v', () => docker('down', '-v', '-t', '2'));
  }
  const left = await execute('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`]);
  if (left.stdout.trim() !== '') throw new Error('containers are left behind');
  console.log(process.exitCode === 1 ? 'compose test: FAILED' : 'compose test: passed');
}

async function chat(url: string, docker: (...args: readonly string[]) => Promise<string>): Promise<void> {
  const uid = await docker('exec', '-T', 'relay-1', 'id', '-u');
  if (uid === '0') throw new Error('a relay runs as root');
  const talk = await Talk.begin(url);
  try {
    console.log(`          two people on ${talk.nodes().join(' and ')}`);
    await step('talk', () => talk.during(2_000));
    await step('talk while a broker is killed', async () => {
      await Promise.all([talk.during(TALK_MS), docker('kill', 'kafka-1')]);
    });
    const [node = ''] = talk.nodes();
    await step(`talk while ${node} is killed as well`, async () => {
      await Promise.all([talk.during(TALK_MS), docker('kill', node)]);
    });
    console.log(`          two people on ${talk.nodes().join(' and ')}`);
    await step('both come back, and so does the page', () => docker('up', '--wait'));
    await step('talk', () => talk.during(2_000));
    console.log(`          ${talk.summary()}`);
  } finally {
    await talk.end();
  }
}

/** Runs it, prints how long it took and returns that in seconds. */
async function step(name: string, work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${seconds.toFixed(1).padStart(6)} s  ${name}`);
  return seconds;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  return Promise.all(
    servers.map((server) => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      return new Promise<number>((resolve) => server.close(() => resolve(port)));
    }),
  );
}
