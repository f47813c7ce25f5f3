/** `pnpm cluster`: the whole cluster on this machine until Ctrl-C. PORT moves it, CLUSTER_DATA keeps its data. */
import { once } from 'node:events';
import { startCluster } from './cluster.ts';
import type { Member } from './member.ts';
import { readSettings, SettingsError } from './settings.ts';

const started = performance.now();

try {
  const settings = await readSettings(process.env);
  console.log('starting 3 ZooKeepers, 3 brokers, 3 relays and Nginx …');
  const cluster = await startCluster({
    ...settings,
    jit: 'full',
    log: (line) => console.log(line),
  });
  const page = await fetch(cluster.url);
  await page.body?.cancel();
  for (const member of cluster.members) console.log(describe(member));
  console.log(`\n${cluster.url} answers ${page.status} after ${seconds(started)} s. Ctrl-C ends it.`);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  await Promise.race(signals.map((signal) => once(process, signal)));
  const stopping = performance.now();
  await cluster.stop();
  console.log(`stopped in ${seconds(stopping)} s`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof SettingsError ? error.exitCode : 1;
}

function describe({ name, pid, port, logFile }: Member): string {
  return `${name.padEnd(12)} pid ${String(pid).padEnd(8)} port ${String(port).padEnd(6)} ${logFile}`;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
