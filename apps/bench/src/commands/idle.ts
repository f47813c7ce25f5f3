/** `idle`: what a quiet cluster uses, and what sockets cost that do nothing. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CleanUp } from '../clean-up.ts';
import { cpuSeconds, quietResidentKib } from '../measure/processes.ts';
import { describeHotSpots } from '../measure/profile.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { type BenchCluster, startBenchCluster } from '../system/bench-cluster.ts';
import type { SocketsWorker } from '../workers/sockets-worker.ts';
import { startWorker, type Worker } from '@parley/testing';

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
    `  signed in before; each said hello, has caught up, and pings every 25 s as a client does. Opened ${settings.rounds} times, closed in between.`,
    '  "Collected": after the garbage collection that V8 does under memory pressure, before both looks: what the sockets hold. "As is": V8',
    '  keeps room it once had and gives it back when it likes, by tens of MiB, so the difference of two looks says little about sockets.',
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
  const workers = [
    startWorker<SocketsWorker>(new URL('../workers/sockets-worker.ts', import.meta.url)),
    startWorker<SocketsWorker>(new URL('../workers/sockets-worker.ts', import.meta.url)),
  ];
  for (const worker of workers) cleanUp.add(() => worker.stop());
  const share = Math.ceil(settings.sockets / workers.length);
  const sockets = share * workers.length;
  const urls = cluster.relayUrls;
  report.say(`signing in ${sockets} users`);
  await Promise.all(workers.map((worker, at) => worker.call('signIn', { urls, count: share, name: `Idle ${at + 1}` })));
  await openAll(workers, urls, WARM_UP_SOCKETS / workers.length);
  await closeAll(workers);
  const looks: Memory[] = [];
  const look = async (when: string): Promise<void> => {
    const seen = await memory(cluster);
    looks.push(seen);
    report.say(`${when}: ${describe(seen)}`);
  };
  await look('fresh relays, no socket');
  for (let round = 1; round <= settings.rounds; round += 1) {
    await openAll(workers, urls);
    await look(`${sockets} sockets`);
    if (round === settings.rounds) break;
    await closeAll(workers);
    await look('no socket again');
  }
  const percents = await cpuPercents(cluster, settings, report);
  const counts = await Promise.all(workers.map((worker) => worker.call('openCount', undefined)));
  addMemory(report, { looks, sockets, open: total(counts) });
  addCpu(report, `${sockets} idle sockets on three nodes`, percents);
}

async function openAll(workers: readonly Worker<SocketsWorker>[], urls: string[], most = Infinity): Promise<void> {
  await Promise.all(workers.map((worker) => worker.call('open', { urls, most })));
}

async function closeAll(workers: readonly Worker<SocketsWorker>[]): Promise<void> {
  await Promise.all(workers.map((worker) => worker.call('close', undefined)));
}

interface Memory {
  asIs: number[];
  collected: number[];
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

/** @param found.looks Without and with sockets, in turn, from fresh relays on. */
function addMemory(
  report: Report,
  { looks, sockets, open }: { looks: readonly Memory[]; sockets: number; open: number },
): void {
  const growths = (key: keyof Memory): number[] =>
    looks.flatMap((after, at) =>
      at % 2 === 0 ? [] : [(total(after[key]) - total(looks[at - 1]?.[key] ?? [])) / sockets],
    );
  const bar = { of: 'value' as const, most: MOST_SOCKET_KIB };
  report.add(
    { name: 'memory a socket, collected', value: mean(growths('collected')), unit: 'KiB', bar },
    { name: 'the same for the first sockets of fresh relays', value: growths('collected')[0] ?? 0, unit: 'KiB' },
    { name: 'memory a socket, as is', value: mean(growths('asIs')), unit: 'KiB' },
    { name: 'three fresh relays', value: total(looks[0]?.collected ?? []) / 1024, unit: 'MiB' },
    { name: `three relays with ${sockets} sockets`, value: total(looks.at(-1)?.collected ?? []) / 1024, unit: 'MiB' },
    { name: 'sockets that did not stay open', value: sockets - open, unit: '', bar: { of: 'value', most: 0 } },
  );
  report.detail('memoryKib', looks);
}

const list = (kib: readonly number[]): string => kib.map((each) => (each / 1024).toFixed(1)).join(', ');

function describe({ asIs, collected }: Memory): string {
  return `${list(asIs)} MiB; after a garbage collection ${list(collected)} MiB`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function mean(values: readonly number[]): number {
  return total(values) / Math.max(1, values.length);
}
