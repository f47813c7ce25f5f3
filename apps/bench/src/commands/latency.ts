/** `latency`: sent → seen between users on different nodes, against bare kafkajs on the same brokers, taking turns. */
import type { CleanUp } from '../clean-up.ts';
import { describeSplit, openCpuWindow } from '../measure/cpu-window.ts';
import { describeHotSpots } from '../measure/profile.ts';
import { brief, concat, summarize } from '../measure/statistics.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { type BenchCluster, startBenchCluster } from '../system/bench-cluster.ts';
import type { KafkaWorker, RoundTrips } from '../workers/kafka-worker.ts';
import type { PairsResult, PairsWorker } from '../workers/pairs-worker.ts';
import { startWorker, type Worker } from '@parley/testing';
import { runEmbedded } from './embedded.ts';

const WARM_UP_RATE = 400;

export async function runLatency(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  if (settings.only !== 'cluster') await runEmbedded(settings, report, cleanUp);
  if (settings.only !== 'embedded') await runCluster(settings, report, cleanUp);
}

async function runCluster(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  const cluster = await startBenchCluster(settings, report, cleanUp);
  const load = startWorker<PairsWorker>(new URL('../workers/pairs-worker.ts', import.meta.url));
  cleanUp.add(() => load.stop());
  const bare = startWorker<KafkaWorker>(new URL('../workers/kafka-worker.ts', import.meta.url));
  cleanUp.add(() => bare.stop());
  await bare.call('open', { brokers: [...cluster.kafkaBrokers], topic: 'bare', partitions: settings.partitions });
  const { nodes, pairs, apart } = await load.call('connect', {
    urls: [cluster.url],
    users: settings.users,
    name: 'Latency',
  });
  report.say(
    `${settings.users} users through Nginx: ${JSON.stringify(nodes)}; ${apart} of ${pairs} pairs on two nodes`,
  );
  await warmUp(settings, report, { load, bare });
  const { system, baseline } = await takeTurns(settings, report, { cluster, load, bare });
  addFigures(report, { settings, system, baseline });
}

interface Sides {
  load: Worker<PairsWorker>;
  bare: Worker<KafkaWorker>;
}

async function warmUp({ warmUpSeconds, bytes }: Settings, report: Report, { load, bare }: Sides): Promise<void> {
  report.say(`warming up both for ${warmUpSeconds} s at ${WARM_UP_RATE} messages/s each`);
  const shape = { rate: WARM_UP_RATE, seconds: warmUpSeconds, bytes };
  await Promise.all([load.call('run', { ...shape, from: 'sent' }), bare.call('run', shape)]);
}

async function takeTurns(
  { seconds, rounds, rate, bytes, profile }: Settings,
  report: Report,
  { cluster, load, bare }: Sides & { cluster: BenchCluster },
): Promise<{ system: PairsResult[]; baseline: RoundTrips[] }> {
  const shape = { rate, seconds: seconds / rounds, bytes };
  const system: PairsResult[] = [];
  const baseline: RoundTrips[] = [];
  const endProfile = profile ? await cluster.profile() : undefined;
  for (let round = 1; round <= rounds; round += 1) {
    const closeWindow = openCpuWindow(cluster.members, [load.pid, bare.pid]);
    const own = await load.call('run', { ...shape, from: 'sent' });
    const split = closeWindow();
    const theirs = await bare.call('run', shape);
    system.push(own);
    baseline.push(theirs);
    report.say(
      `turn ${round} of ${rounds}: system ${brief(summarize(own.seenMs))}, bare ${brief(summarize(theirs.seenMs))}; ` +
        `CPU of a core during the system's: ${describeSplit(split)}`,
    );
  }
  if (endProfile !== undefined) report.note(...describeHotSpots('relays', await endProfile()), '');
  return { system, baseline };
}

function addFigures(
  report: Report,
  { settings, system, baseline }: { settings: Settings; system: PairsResult[]; baseline: RoundTrips[] },
): void {
  const seen = summarize(concat(system.map(({ seenMs }) => seenMs)));
  const acked = summarize(concat(system.map(({ ackMs }) => ackMs)));
  const bareSeen = summarize(concat(baseline.map(({ seenMs }) => seenMs)));
  const bareAcked = summarize(concat(baseline.map(({ ackMs }) => ackMs)));
  const sum = (key: 'sent' | 'lost' | 'unanswered' | 'refused'): number =>
    system.reduce((total, each) => total + each[key], 0);
  const unit = 'ms';
  report.add(
    { name: 'cluster sent → seen p50', value: seen.p50, unit, baseline: bareSeen.p50, bar: { of: 'ratio', most: 1.5 } },
    { name: 'cluster sent → seen p99', value: seen.p99, unit, baseline: bareSeen.p99, bar: { of: 'ratio', most: 2 } },
    { name: 'cluster sent → acked p50', value: acked.p50, unit, baseline: bareAcked.p50 },
    { name: 'cluster sent → acked p99', value: acked.p99, unit, baseline: bareAcked.p99 },
    {
      name: 'cluster messages not seen',
      value: sum('lost') + sum('unanswered'),
      unit: '',
      bar: { of: 'value', most: 0 },
    },
  );
  report.note(
    `cluster: ${sum('sent')} messages at ${settings.rate}/s through Nginx, ${sum('refused')} refused and sent again${codesOf(system)}; ` +
      `the generator was late by at most ${Math.max(...system.map(({ latestMs }) => latestMs)).toFixed(1)} ms.`,
    `baseline: kafkajs (with TCP_NODELAY, as the relay has it) in one process, one producer and one consumer, topic of ${settings.partitions} partitions,`,
    `  RF 3, acks=all, texts of the same length at the same rate: produce called → eachBatch entered; acked: produce resolved; ${baseline.reduce((total, { lost }) => total + lost, 0)} lost.`,
    `System and baseline took turns of ${(settings.seconds / settings.rounds).toFixed(0)} s after ${settings.warmUpSeconds} s of load on both.`,
    "sent: the call of client.send; seen: the receiver client's `entry` event; acked: the sender client's `acked` event.",
  );
  report.detail('cluster', { seen, acked, bareSeen, bareAcked });
}

/** Such as ` (log_unavailable)`; empty when nothing was refused. */
function codesOf(results: readonly PairsResult[]): string {
  const codes = new Set(results.flatMap((result) => result.codes));
  return codes.size === 0 ? '' : ` (${[...codes].join(', ')})`;
}
