/** A program that starts a cluster, says which processes that are, and never stops it: somebody kills it. */
import { startCluster } from '../native/index.ts';

const cluster = await startCluster({
  relays: 1,
  brokers: 1,
  zookeepers: 1,
  relayMain: new URL('stand-in-relay.ts', import.meta.url).pathname,
});
const groups = cluster.members.map(({ pid }) => pid);
process.stdout.write(`${JSON.stringify({ groups, dataDir: cluster.dataDir })}\n`);
