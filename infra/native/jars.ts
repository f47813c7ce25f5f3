import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findTool } from './tools.ts';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));

/**
 * The folder with Kafka's and ZooKeeper's jars, fetched by Maven when this machine does not have them yet (46 MB, some
 * seconds). They lie in the user's cache, so that every checkout shares them.
 */
export async function ensureKafkaJars(log: (line: string) => void = () => undefined): Promise<string> {
  const fingerprint = createHash('sha256')
    .update(await readFile(POM))
    .digest('hex')
    .slice(0, 12);
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'parley');
  const jars = join(cache, `kafka-${fingerprint}`);
  if (existsSync(jars)) return jars;
  log('fetching Kafka and ZooKeeper by Maven (46 MB, once)');
  await mkdir(cache, { recursive: true });
  const partial = await mkdtemp(join(cache, 'partial-'));
  try {
    await runMaven(partial);
    await rename(partial, jars);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(jars)) throw error; // else another process was quicker
  }
  return jars;
}

async function runMaven(folder: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  await promisify(execFile)(findTool('mvn'), ['-B', '-q', '-f', POM, ...goal], { maxBuffer: 16 * 1024 * 1024 });
}
