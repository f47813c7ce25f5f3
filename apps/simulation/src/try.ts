import { Cluster } from './cluster/cluster.ts';
import type { RelayDoors } from './cluster/relay.ts';
import { Device } from './clients/device.ts';
import { Tab } from './clients/tab.ts';
import { realWorld, withoutRealWorld } from './world/real-world.ts';
import { World } from './world/world.ts';
import { makeUserId, directConversationId } from '@parley/protocol';

const doors: RelayDoors = { log: (l) => l, socket: (s) => s, services: (s) => s, process: (p) => p, beforeStart() {} };
async function one(seed: string, tell?: (l: string) => void) {
  const world = new World(seed, { typicalMs: 1, tailMs: 20 }, tell);
  const cluster = new Cluster({
    world,
    doors,
    onBug: console.error,
    settings: {
      relays: 3,
      partitions: 2,
      drainMs: 1000,
      kafka: { brokers: 3, sessionMs: 4000, lagMostMs: 30000, preferredEveryMs: 30000 },
    },
  });
  cluster.start();
  const users = [1, 2, 3, 4].map((n) => ({ id: makeUserId(world.random), name: `User ${n}` }));
  const events: object[] = [];
  const tabs = users.map(
    (user, n) =>
      new Tab({
        world,
        edge: cluster.edge,
        host: `c${n}`,
        user,
        device: new Device(),
        write: (e) => events.push(e),
        onBug: console.error,
      }),
  );
  const conv = directConversationId(users[0]!.id, users[1]!.id);
  const t0 = realWorld().nowMs();
  await world.time.run(5000);
  for (let i = 0; i < 60; i++) {
    tabs[i % 2]!.send(conv, `hello ${i}`);
    await world.time.run(world.time.now + 1000);
    if (i === 20) cluster.kafka.brokers.get(1)!.kill();
    if (i === 40) cluster.kafka.brokers.get(1)!.start();
    if (i === 50) cluster.relays[0]!.kill();
  }
  await world.time.run(world.time.now + 5000);
  cluster.kafka.check();
  const ms = realWorld().nowMs() - t0;
  console.log(
    seed,
    world.trace.hash,
    world.time.count,
    'events',
    world.time.now,
    'virtual',
    ms.toFixed(0),
    'ms real',
    events.length,
    tabs[0]!.chat.getSnapshot().conversations.get(conv)?.head,
    tabs[1]!.chat.getSnapshot().conversations.get(conv)?.head,
    cluster.relays.map((r) => r.node?.unreadyReason()),
  );
  world.close();
}
await withoutRealWorld(async () => {
  for (const s of process.argv[2] ? ['1'] : ['1', '1', '2']) await one(s, process.argv[2] ? console.log : undefined);
});
