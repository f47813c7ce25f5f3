/** The embedded half of `latency`: one process, an fsync before every ack, beside what the disk takes alone. */
import type { CleanUp } from '../clean-up.ts';
import { brief, concat, summarize } from '../measure/statistics.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { startEmbeddedRelay } from '../system/embedded-relay.ts';
import type { FsyncWorker } from '../workers/fsync-worker.ts';
import type { PairsResult, PairsWorker } from '../workers/pairs-worker.ts';
import { startWorker } from '@parley/testing';

/** One process has no JVM to wait for. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_RATE = 400;

export async function runEmbedded(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  const { seconds, rounds, rate, bytes, users } = settings;
  const relay = await startEmbeddedRelay(cleanUp);
  const load = startWorker<PairsWorker>(new URL('../workers/pairs-worker.ts', import.meta.url));
  cleanUp.add(() => load.stop());
  const disk = startWorker<FsyncWorker>(new URL('../workers/fsync-worker.ts', import.meta.url));
  cleanUp.add(() => disk.stop());
  await disk.call('open', { folder: relay.dataDir });
  await load.call('connect', { urls: [relay.url], users, name: 'Embedded' });
  const warmUpSeconds = settings.warmUpSeconds * WARM_UP_SHARE;
  report.say(`embedded: warming up for ${warmUpSeconds.toFixed(0)} s at ${WARM_UP_RATE} messages/s`);
  await load.call('run', { rate: WARM_UP_RATE, seconds: warmUpSeconds, bytes, from: 'sent' });

  const shape = { rate, seconds: seconds / rounds, bytes };
  const system: PairsResult[] = [];
  const fsyncs: Float64Array[] = [];
  const commits: Float64Array[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const own = await load.call('run', { ...shape, from: 'sent' });
    const { fsyncMs, commitMs } = await disk.call('run', shape);
    system.push(own);
    fsyncs.push(fsyncMs);
    commits.push(commitMs);
    report.say(
      `turn ${round} of ${rounds}: embedded ${brief(summarize(own.seenMs))}, fsync ${brief(summarize(fsyncMs))}`,
    );
  }
  await Promise.all([load.stop(), disk.stop()]);

  const seen = summarize(concat(system.map(({ seenMs }) => seenMs)));
  const acked = summarize(concat(system.map(({ ackMs }) => ackMs)));
  const fsync = summarize(concat(fsyncs));
  const commit = summarize(concat(commits));
  const missing = system.reduce((sum, { lost, unanswered }) => sum + lost + unanswered, 0);
  const unit = 'ms';
  report.add(
    {
      name: 'embedded sent → acked p50',
      value: acked.p50,
      unit,
      baseline: commit.p50,
      bar: { of: 'value', most: 1.5 },
    },
    { name: 'embedded sent → acked p99', value: acked.p99, unit, baseline: commit.p99, bar: { of: 'value', most: 5 } },
    { name: 'embedded sent → seen p50', value: seen.p50, unit, baseline: commit.p50, bar: { of: 'value', most: 1.5 } },
    { name: 'embedded sent → seen p99', value: seen.p99, unit, baseline: commit.p99, bar: { of: 'value', most: 5 } },
    { name: 'embedded messages not seen', value: missing, unit: '', bar: { of: 'value', most: 0 } },
    { name: 'bare write + fsync p50', value: fsync.p50, unit },
    { name: 'bare write + fsync p99', value: fsync.p99, unit },
  );
  report.note(
    'embedded: the baseline is one SQLite commit of one row (WAL, synchronous=FULL) on the same disk, in a process of its own.',
  );
  report.detail('embedded', { seen, acked, fsync, commit });
}
