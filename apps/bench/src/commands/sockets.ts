/** `sockets`: whether Nginx spreads sockets evenly over the nodes. */
import type { CleanUp } from '../clean-up.ts';
import type { Report } from '../report.ts';
import type { Settings } from '../settings.ts';
import { startBenchCluster } from '../system/bench-cluster.ts';
import type { PairsWorker } from '../workers/pairs-worker.ts';
import { startWorker } from '@parley/testing';

const TOLERANCE = 2;

export async function runSockets(settings: Settings, report: Report, cleanUp: CleanUp): Promise<void> {
  const cluster = await startBenchCluster(settings, report, cleanUp);
  const load = startWorker<PairsWorker>(new URL('../workers/pairs-worker.ts', import.meta.url));
  cleanUp.add(() => load.stop());
  const { nodes } = await load.call('connect', { urls: [cluster.url], users: settings.sockets, name: 'Socket' });
  const even = settings.sockets / cluster.relays.length;
  for (const { name } of cluster.relays) {
    report.add({
      name: `sockets on ${name}`,
      value: nodes[name] ?? 0,
      unit: '',
      bar: { of: 'value', least: even - TOLERANCE, most: even + TOLERANCE },
    });
  }
  report.note(`${settings.sockets} clients through Nginx, each counted by the node that its welcome names.`);
}
