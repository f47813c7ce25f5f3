/** `idle`: what a quiet cluster uses, and what sockets cost that do nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CleanUp } from '../clean-up.ts';
import { cpuSeconds, quietResidentKib } from '../measure/processes.ts';
import { describeHotSpots } from '../measure/profile.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { type BenchCluster, startBenchCluster } from '../system/bench-cluster.ts';
import type { SocketsWorker } from '../workers/sockets-worker.ts';
import { startWorker, type Worker } from '../workers/worker.ts';

const MOST_CPU_PERCENT = 2;
const MOST_SOCKET_KIB = 16;
/** Opened and closed before the first look at memory: code, buffers and heap then have the size that they keep. */
const WARM_UP_SOCKETS = 300;
const SETTLE_MS = 15_000;
const QUIET_SECONDS = 10;

export async function runIdle(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  const cluster = await startBenchCluster(settings, report, cleanUp);
  await delay(settings.warmUpSeconds * 1000);
  const bare = await cpuPercents(cluster, settings, report);
  addCpu(report, 'no socket', bare);
  if (settings.sockets > 0) await measureSockets(settings, report, { cluster, cleanUp });
  report.note(
    `CPU: user + system time of each relay over ${settings.seconds} s on a cluster where nobody does anything.`,
    `Memory: VmRSS of the three relays, the least within ${QUIET_SECONDS} s, before and after ${settings.sockets} sockets of as many users who had`,
    '  signed in before; each said hello, has caught up, and pings every 25 s as a client does. "Collected": after a forced garbage',
    '  collection before both looks, which is what the sockets hold; without it the heap keeps some room for what comes.',
  );
}

async function cpuPercents(cluster: BenchCluster, { seconds, profile }: Settings, report: Report): Promise<number[]> {
  const endProfile = profile ? await cluster.profile() : undefined;
  const before = cluster.relays.map(({ pid }) => cpuSeconds(pid));
  const started = performance.now();
  await delay(seconds * 1000);
  const elapsed = (performance.now() - started) / 1000;
  const percents = cluster.relays.map(({ pid }, at) => (100 * (cpuSeconds(pid) - (before[at] ?? 0))) / elapsed);
  if (endProfile !== undefined) report.note(...describeHotSpots('relays', await endProfile()), '');
  report.say(`relays use ${percents.map((percent) => `${percent.toFixed(2)} %`).join(', ')} of a core`);
  return percents;
}

function addCpu(report: Report, situation: string, percents: readonly number[]): void {
  const isBar = situation === 'no socket';
  for (const [at, value] of percents.entries()) {
    report.add({
      name: `relay-${at + 1}: CPU of a core, ${situation}`,
      value,
      unit: '%',
      ...(isBar ? { bar: { of: 'value' as const, most: MOST_CPU_PERCENT } } : {}),
    });
  }
}

async function measureSockets(
  settings: Settings,
  report: Report,
  { cluster, cleanUp }: { cluster: BenchCluster; cleanUp: CleanUp },
): Promise<void> {
  const workers = [startWorker<SocketsWorker>('sockets-worker.ts'), startWorker<SocketsWorker>('sockets-worker.ts')];
  for (const worker of workers) cleanUp.add(() => worker.stop());
  const share = Math.ceil(settings.sockets / workers.length);
  const urls = cluster.relayUrls;
  report.say(`signing in ${share * workers.length} users`);
  await Promise.all(workers.map((worker, at) => worker.call('signIn', { urls, count: share, name: `Idle ${at + 1}` })));
  await exercise(workers, urls);
  const before = await memory(cluster);
  report.say(`before: ${describe(before)}`);
  const started = performance.now();
  await Promise.all(workers.map((worker) => worker.call('open', { urls })));
  report.say(`${share * workers.length} sockets open after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const after = await memory(cluster);
  report.say(`after: ${describe(after)}`);
  const percents = await cpuPercents(cluster, settings, report);
  const open = (await Promise.all(workers.map((worker) => worker.call('openCount', undefined)))).reduce(
    (a, b) => a + b,
    0,
  );
  addMemory(report, { before, after, sockets: share * workers.length, open });
  addCpu(report, `${share * workers.length} idle sockets on three nodes`, percents);
}

interface Memory {
  asIs: number[];
  collected: number[];
}

async function exercise(workers: readonly Worker<SocketsWorker>[], urls: string[]): Promise<void> {
  const most = Math.ceil(WARM_UP_SOCKETS / workers.length);
  await Promise.all(workers.map((worker) => worker.call('open', { urls, most })));
  await Promise.all(workers.map((worker) => worker.call('close', undefined)));
}

async function memory(cluster: BenchCluster): Promise<Memory> {
  const pids = cluster.relays.map(({ pid }) => pid);
  await delay(SETTLE_MS);
  const asIs = await quietResidentKib(pids, QUIET_SECONDS);
  await cluster.collectGarbage();
  await delay(SETTLE_MS / 5);
  await cluster.collectGarbage();
  const collected = await quietResidentKib(pids, QUIET_SECONDS);
  return { asIs, collected };
}

function addMemory(
  report: Report,
  { before, after, sockets, open }: { before: Memory; after: Memory; sockets: number; open: number },
): void {
  const growth = (key: keyof Memory): number => (total(after[key]) - total(before[key])) / sockets;
  report.add(
    {
      name: 'memory a socket, collected',
      value: growth('collected'),
      unit: 'KiB',
      bar: { of: 'value', most: MOST_SOCKET_KIB },
    },
    { name: 'memory a socket, as is', value: growth('asIs'), unit: 'KiB' },
    { name: 'three relays before, collected', value: total(before.collected) / 1024, unit: 'MiB' },
    { name: `three relays with ${sockets} sockets, collected`, value: total(after.collected) / 1024, unit: 'MiB' },
    { name: 'three relays before, as is', value: total(before.asIs) / 1024, unit: 'MiB' },
    { name: `three relays with ${sockets} sockets, as is`, value: total(after.asIs) / 1024, unit: 'MiB' },
    { name: 'sockets that did not stay open', value: sockets - open, unit: '', bar: { of: 'value', most: 0 } },
  );
  report.detail('memoryKib', { before, after });
}

const list = (kib: readonly number[]): string => kib.map((each) => (each / 1024).toFixed(1)).join(', ');

function describe({ asIs, collected }: Memory): string {
  return `${list(asIs)} MiB; after a garbage collection ${list(collected)} MiB`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
