/** What a figure was measured on. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
}

export function describeMachine(): Machine {
  const all = cpus();
  return {
    cpu: all[0]?.model ?? 'unknown',
    cores: all.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
  };
}

export function versions(): Record<string, string> {
  return {
    node: process.version,
    kafka: kafkaVersion(),
    nginx: nginxVersion(),
    kafkajs: packageVersion('kafkajs'),
    ws: packageVersion('ws'),
  };
}

/** Processes that were ready to run, on average over the last minute. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

function packageVersion(name: string): string {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return /"version":\s*"([^"]+)"/u.exec(readFileSync(file, 'utf8'))?.[1] ?? 'unknown';
}

function kafkaVersion(): string {
  const pom = readFileSync(new URL('../../../../infra/native/pom.xml', import.meta.url), 'utf8');
  return /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/u.exec(pom)?.[1] ?? 'unknown';
}

function nginxVersion(): string {
  try {
    const command = 'PATH="$PATH:/usr/sbin:/usr/local/sbin" nginx -v 2>&1';
    return execFileSync('sh', ['-c', command], { encoding: 'utf8' }).trim().replace('nginx version: nginx/', '');
  } catch {
    return 'not installed';
  }
}
