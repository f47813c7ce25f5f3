/** `fanout`: what a delivery in a large room costs the relays, against a bare `ws` loop, at a calm and at a busy rate. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CleanUp } from '../clean-up.ts';
import { cpuSeconds } from '../measure/processes.ts';
import { describeHotSpots } from '../measure/profile.ts';
import { brief, type Summary, summarize } from '../measure/statistics.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { type BenchCluster, startBenchCluster } from '../system/bench-cluster.ts';
import type { RoomWorker } from '../workers/room-worker.ts';
import type { SocketsWorker } from '../workers/sockets-worker.ts';
import { startWorker, type Worker } from '@parley/testing';
import type { WsLoopWorker } from '../workers/ws-loop-worker.ts';

/** The busy rate, as a multiple of the calm one that `--rate` gives. */
const BUSY_TIMES = 10;
const IDLE_SECONDS = 15;
const SETTLE_MS = 1_000;

interface Parts {
  cluster: BenchCluster;
  writers: Worker<RoomWorker>;
  receivers: Worker<SocketsWorker>;
  loop: Worker<WsLoopWorker>;
}

/** One rate, all turns together. CPU in seconds. */
interface Result {
  cpu: number;
  seconds: number;
  deliveries: number;
  expected: number;
  writes: number;
  seen: Summary;
  acked: Summary;
  bareCpu: number;
  bareDeliveries: number;
  bareSeen: Summary;
  frameBytes: number;
}

export async function runFanOut(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  const parts = await prepare(settings, report, cleanUp);
  const idleCpu = await idleShare(parts, report);
  const endProfile = settings.profile ? await parts.cluster.profile() : undefined;
  const calm = await measure({ ...settings, rounds: settings.rounds }, report, parts);
  if (endProfile !== undefined) report.note(...describeHotSpots('relays, calm rate', await endProfile()), '');
  const endBusyProfile = settings.profile ? await parts.cluster.profile() : undefined;
  const busy = await measure({ ...settings, rate: settings.rate * BUSY_TIMES }, report, parts);
  if (endBusyProfile !== undefined) report.note(...describeHotSpots('relays, busy rate', await endBusyProfile()), '');
  addFigures(report, { rate: settings.rate, result: calm, idleCpu, most: 1.3 });
  addFigures(report, { rate: settings.rate * BUSY_TIMES, result: busy, idleCpu, most: 0.5 });
  addNotes(report, { settings, calm, busy, idleCpu });
}

async function prepare(settings: Settings, report: Report, cleanUp: CleanUp): Promise<Parts> {
  const cluster = await startBenchCluster(settings, report, cleanUp);
  const writers = startWorker<RoomWorker>(new URL('../workers/room-worker.ts', import.meta.url));
  const receivers = startWorker<SocketsWorker>(new URL('../workers/sockets-worker.ts', import.meta.url));
  const loop = startWorker<WsLoopWorker>(new URL('../workers/ws-loop-worker.ts', import.meta.url));
  for (const worker of [writers, receivers, loop]) cleanUp.add(() => worker.stop());
  const urls = cluster.relayUrls;
  const room = await writers.call('open', { urls, users: settings.users });
  await receivers.call('signIn', { urls, count: settings.receivers, name: 'Reader' });
  await receivers.call('open', { urls });
  await receivers.call('join', { room });
  const url = await loop.call('listen', undefined);
  await receivers.call('openBare', { url, count: settings.receivers });
  const sessions = (await cluster.status()).map((status) => status.sessions);
  report.say(
    `one room of ${settings.receivers} readers and ${settings.users} writers; sessions on the nodes: ${sessions.join(', ')}`,
  );
  await warmUp(settings, report, { writers, receivers, loop });
  return { cluster, writers, receivers, loop };
}

async function warmUp(
  { warmUpSeconds, rate, bytes }: Settings,
  report: Report,
  { writers, receivers, loop }: Omit<Parts, 'cluster'>,
): Promise<void> {
  report.say(`warming up both for ${warmUpSeconds} s at ${rate * BUSY_TIMES} messages/s`);
  const shape = { rate: rate * BUSY_TIMES, seconds: warmUpSeconds / 2 };
  await writers.call('run', { ...shape, bytes });
  const { lastFrame } = await receivers.call('counts', undefined);
  await loop.call('run', { ...shape, frame: lastFrame });
}

/** CPU of all three relays together while nobody writes, in seconds a second. */
async function idleShare({ cluster }: Parts, report: Report): Promise<number> {
  await delay(SETTLE_MS);
  const cpu = openRelayCpu(cluster);
  await delay(IDLE_SECONDS * 1000);
  const share = cpu() / IDLE_SECONDS;
  report.say(`the three relays, sockets open and nobody writing: ${(share * 100).toFixed(1)} % of a core together`);
  return share;
}

async function measure(settings: Settings, report: Report, parts: Parts): Promise<Result> {
  const turns: Result[] = [];
  for (let round = 1; round <= settings.rounds; round += 1) {
    const turn = await takeTurn(settings, parts);
    turns.push(turn);
    report.say(
      `${settings.rate}/s, turn ${round} of ${settings.rounds}: relays ${micros(turn.cpu, turn.deliveries).toFixed(1)} µs, ` +
        `ws loop ${micros(turn.bareCpu, turn.bareDeliveries).toFixed(1)} µs a delivery; seen ${brief(turn.seen)}`,
    );
  }
  return merge(turns);
}

async function takeTurn({ rate, seconds, rounds, bytes, receivers: count }: Settings, parts: Parts): Promise<Result> {
  const { cluster, writers, receivers, loop } = parts;
  const shape = { rate, seconds: seconds / rounds };
  await receivers.call('reset', undefined);
  const relayCpu = openRelayCpu(cluster);
  const writesBefore = await countWrites(cluster);
  const started = performance.now();
  const written = await writers.call('run', { ...shape, bytes });
  const cpu = relayCpu();
  const elapsed = (performance.now() - started) / 1000;
  await delay(SETTLE_MS);
  const read = await receivers.call('counts', undefined);

  const single = await singleFrame(parts, bytes, read.lastFrame);
  await receivers.call('reset', undefined);
  const bareBefore = cpuSeconds(loop.pid);
  const { frameBytes } = await loop.call('run', { ...shape, frame: single });
  await delay(SETTLE_MS / 10);
  const bareCpu = cpuSeconds(loop.pid) - bareBefore;
  const bareRead = await receivers.call('counts', undefined);
  return {
    cpu,
    seconds: elapsed,
    deliveries: read.deliveries + written.deliveries,
    expected: written.sent * count + written.deliveries,
    writes: (await countWrites(cluster)) - writesBefore,
    seen: summarize(read.seenMs),
    acked: summarize(written.ackMs),
    bareCpu,
    bareDeliveries: bareRead.deliveries,
    bareSeen: summarize(bareRead.seenMs),
    frameBytes,
  };
}

/** A relay's frame with one message in it: the loop sends what the relay sends when nothing is put together. */
async function singleFrame({ writers, receivers }: Parts, bytes: number, last: string): Promise<string> {
  if (last.split('~~').length === 2) return last;
  await writers.call('run', { rate: 2, seconds: 1, bytes });
  await delay(SETTLE_MS / 2);
  return (await receivers.call('counts', undefined)).lastFrame;
}

async function countWrites(cluster: BenchCluster): Promise<number> {
  return (await cluster.status()).reduce((sum, { metrics }) => sum + metrics.writes, 0);
}

function openRelayCpu({ relays }: BenchCluster): () => number {
  const before = relays.map(({ pid }) => cpuSeconds(pid));
  return () => relays.reduce((sum, { pid }, at) => sum + cpuSeconds(pid) - (before[at] ?? 0), 0);
}

function merge(turns: readonly Result[]): Result {
  const sum = (key: 'cpu' | 'seconds' | 'deliveries' | 'expected' | 'writes' | 'bareCpu' | 'bareDeliveries'): number =>
    turns.reduce((total, turn) => total + turn[key], 0);
  const middle = (key: 'seen' | 'acked' | 'bareSeen'): Summary => medianOf(turns.map((turn) => turn[key]));
  return {
    cpu: sum('cpu'),
    seconds: sum('seconds'),
    deliveries: sum('deliveries'),
    expected: sum('expected'),
    writes: sum('writes'),
    seen: middle('seen'),
    acked: middle('acked'),
    bareCpu: sum('bareCpu'),
    bareDeliveries: sum('bareDeliveries'),
    bareSeen: middle('bareSeen'),
    frameBytes: turns[0]?.frameBytes ?? 0,
  };
}

/** The turn with the middle p50. */
function medianOf(summaries: readonly Summary[]): Summary {
  const sorted = summaries.toSorted((one, other) => one.p50 - other.p50);
  return sorted[Math.floor(sorted.length / 2)] ?? summarize(new Float64Array());
}

const micros = (cpu: number, count: number): number => (cpu * 1e6) / Math.max(1, count);

function addFigures(
  report: Report,
  { rate, result, idleCpu, most }: { rate: number; result: Result; idleCpu: number; most: number },
): void {
  const baseline = micros(result.bareCpu, result.bareDeliveries);
  const net = result.cpu - idleCpu * result.seconds;
  const unit = 'µs';
  report.add(
    {
      name: `${rate}/s: CPU a delivery, relays' idle CPU taken off`,
      value: micros(net, result.deliveries),
      unit,
      baseline,
      bar: { of: 'ratio', most },
    },
    {
      name: `${rate}/s: CPU a delivery, everything counted`,
      value: micros(result.cpu, result.deliveries),
      unit,
      baseline,
    },
    { name: `${rate}/s: sent → seen p50`, value: result.seen.p50, unit: 'ms', baseline: result.bareSeen.p50 },
    { name: `${rate}/s: sent → seen p99`, value: result.seen.p99, unit: 'ms', baseline: result.bareSeen.p99 },
    { name: `${rate}/s: messages in a write`, value: result.deliveries / Math.max(1, result.writes), unit: '' },
    {
      name: `${rate}/s: deliveries missing`,
      value: result.expected - result.deliveries,
      unit: '',
      bar: { of: 'value', least: 0, most: 0 },
    },
  );
}

function addNotes(
  report: Report,
  { settings, calm, busy, idleCpu }: { settings: Settings; calm: Result; busy: Result; idleCpu: number },
): void {
  report.note(
    'Counted: user + system time of the three relay processes (/proc/PID/stat) between first and last message, Kafka, view and acks',
    `  included, divided by the messages that arrived at readers and writers. Idle CPU (${(idleCpu * 100).toFixed(1)} % of a core, three relays together,`,
    '  measured before with all sockets open) is taken off in the rows that say so; the rows below them take nothing off.',
    `Baseline: user + system time of one process with ws that sends the same ${calm.frameBytes} bytes, encoded once a message, to ${settings.receivers} sockets`,
    '  of the same reading process, at the same rate, turn by turn. Its "sent → seen" is the loop and the wire alone.',
    'Readers connect to the relays, not through Nginx, 100 to each; every tenth reads the time in the texts, the others count.',
    `Added at the busy rate, by coalescing and by the log together: sent → seen p50 is ${(busy.seen.p50 - calm.seen.p50).toFixed(1)} ms longer at the busy rate than at the calm one ` +
      `(acks: ${(busy.acked.p50 - calm.acked.p50).toFixed(1)} ms); a frame waits at most 10 ms for others (COALESCE_MS in the relay).`,
  );
  report.detail('calm', calm);
  report.detail('busy', busy);
  report.detail('idleCpu', idleCpu);
}
