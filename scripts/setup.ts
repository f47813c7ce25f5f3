/**
 * `pnpm run setup`: what the cluster and the browser tests need besides Node. As root on Debian and Ubuntu it installs what
 * is missing; elsewhere it says what to install and exits with 1. With everything in place it takes well under a second.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareKafka } from '@parley/infra';
import { run } from './run.ts';

const OLDEST_JAVA = 11;

interface Need {
  what: string;
  /** Debian's and Ubuntu's package. */
  apt: string;
  isThere: () => boolean;
}

const needs: readonly Need[] = [
  { what: `Java ${OLDEST_JAVA} or newer`, apt: 'default-jre-headless', isThere: () => javaVersion() >= OLDEST_JAVA },
  { what: 'Maven', apt: 'maven', isThere: () => find('mvn') !== undefined },
  { what: 'Nginx', apt: 'nginx', isThere: () => find('nginx') !== undefined },
  { what: 'Chromium or Chrome', apt: 'chromium', isThere: () => find('chromium', 'google-chrome') !== undefined },
  { what: 'a font with Chinese characters', apt: 'fonts-noto-cjk', isThere: hasChineseFont },
];

const missing = needs.filter((need) => !need.isThere());
if (missing.length > 0) await install(missing);
const left = missing.filter((need) => !need.isThere());
if (left.length > 0) {
  console.error(`Missing: ${left.map(({ what }) => what).join(', ')}.`);
  console.error(`On Debian and Ubuntu: sudo apt-get install ${left.map(({ apt }) => apt).join(' ')}`);
  process.exit(1);
}
await prepareKafka((line) => console.log(line));
console.log('set-up: Java, Maven, Nginx, Chromium, a Chinese font and Kafka are here');

async function install(wanted: readonly Need[]): Promise<void> {
  if (process.getuid?.() !== 0 || find('apt-get') === undefined) return;
  const packages = wanted.map(({ apt }) => apt);
  console.log(`installing ${packages.join(' ')}`);
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], environment);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], environment);
}

function find(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/sbin', '/usr/sbin', '/opt/homebrew/bin'];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Major version of the Java that would run, 0 without one. Read from its `release` file: starting a JVM takes longer. */
function javaVersion(): number {
  const home = process.env['JAVA_HOME'];
  const java = home === undefined || home === '' ? find('java') : join(home, 'bin', 'java');
  if (java === undefined || !isExecutable(java)) return 0;
  const release = join(dirname(dirname(realpathSync(java))), 'release');
  const text = existsSync(release) ? readFileSync(release, 'utf8') : output(java, '--version');
  return Number(/(?:JAVA_VERSION="|^\S+ )(\d+)/mu.exec(text)?.[1] ?? 0);
}

function hasChineseFont(): boolean {
  const list = find('fc-list');
  return list !== undefined && output(list, ':lang=zh', 'family').trim() !== '';
}

function output(program: string, ...args: readonly string[]): string {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}
