/** What the model must share with Kafka: these are the promises that the product builds on, and the faults that it must expect. */
import type { KafkaCluster, Produced } from '@parley/relay/kafka-cluster';
import { NoAnswerError } from '@parley/relay/kafka-cluster';
import { afterEach, describe, expect, it } from 'vitest';
import { KafkaModel } from '../src/kafka/model.ts';
import { World } from '../src/world/world.ts';

const SESSION_MS = 4_000;
const LOG = { topic: 'log', partitions: 1, replicationFactor: 3, minIsr: 2 };

class Setting {
  readonly world: World;
  readonly kafka: KafkaModel;
  readonly cluster: KafkaCluster;

  constructor(seed = 'kafka') {
    this.world = new World(seed, { typicalMs: 1, tailMs: 5 });
    this.kafka = new KafkaModel(this.world, {
      brokers: 3,
      sessionMs: SESSION_MS,
      lagMostMs: 10_000,
      preferredEveryMs: 0,
    });
    this.kafka.create([LOG]);
    this.kafka.start();
    this.cluster = this.kafka.clusterFor(this.world.process('client'), 'client');
  }

  pass(ms: number): Promise<void> {
    return this.world.time.run(this.world.time.now + ms);
  }

  async until<Result>(asked: Promise<Result>): Promise<Result> {
    let isSettled = false;
    const settled = asked.finally(() => (isSettled = true));
    settled.catch(() => undefined);
    await this.world.time.run(this.world.time.now + 60_000, () => isSettled);
    return settled;
  }

  async ready(): Promise<number> {
    await this.pass(3_000);
    return this.leader;
  }

  get leader(): number {
    return this.kafka.controller.partitions.get('log/0')?.leader ?? -1;
  }

  get isr(): readonly number[] {
    return this.kafka.controller.partitions.get('log/0')?.isr ?? [];
  }

  produce(key: string, broker = this.leader): Promise<Produced[]> {
    const batches = [{ topic: 'log', partition: 0, records: [{ key, value: new Uint8Array(), headers: [] }] }];
    return this.cluster.produce(broker, { acks: -1, timeoutMs: 2_000, batches });
  }

  fetch(broker: number, offset = 0) {
    return this.cluster.fetch(broker, {
      maxWaitMs: 200,
      lane: 0,
      partitions: [{ topic: 'log', partition: 0, offset }],
    });
  }

  get followers(): number[] {
    return [1, 2, 3].filter((id) => id !== this.leader);
  }

  /** Cuts a broker off from the others, both ways. */
  cutOff(id: number, others: readonly string[]): () => void {
    const { network } = this.world;
    const paths = others.flatMap((other) => [network.path(`broker-${id}`, other), network.path(other, `broker-${id}`)]);
    for (const path of paths) path.block();
    return () => {
      for (const path of paths) path.unblock();
    };
  }
}

const settings: Setting[] = [];
function setUp(seed?: string): Setting {
  const setting = new Setting(seed);
  settings.push(setting);
  return setting;
}

afterEach(() => {
  for (const { world } of settings.splice(0)) world.close();
});

describe('an append with acks=all', () => {
  it('is on all in-sync replicas when it is answered, and readable only then', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    const heal = setting.followers.map((id) => setting.cutOff(id, [`broker-${leader}`]));
    const asked = setting.produce('a');
    await setting.pass(500);
    expect(setting.kafka.brokers.get(leader)?.replicas.get('log/0')?.log).toHaveLength(1);
    expect((await setting.until(setting.fetch(leader)))[0]?.records).toEqual([]);
    for (const end of heal) end();
    expect(await setting.until(asked)).toMatchObject([{ error: undefined, offset: 0 }]);
    for (const id of [1, 2, 3]) expect(setting.kafka.brokers.get(id)?.replicas.get('log/0')?.log).toHaveLength(1);
    expect((await setting.until(setting.fetch(leader)))[0]?.records).toMatchObject([{ key: 'a', offset: 0 }]);
  });

  it('waits for a dead follower until its session has ended, no longer', async () => {
    const setting = setUp();
    await setting.ready();
    setting.kafka.brokers.get(setting.followers[0]!)?.kill();
    const startedMs = setting.world.time.now;
    let tries = 0;
    for (let error: string | undefined = 'REQUEST_TIMED_OUT'; error !== undefined; tries += 1)
      error = (await setting.until(setting.produce(`try ${tries}`)))[0]?.error;
    const tookMs = setting.world.time.now - startedMs;
    expect(tookMs).toBeGreaterThan(SESSION_MS / 2);
    expect(tookMs).toBeLessThan(SESSION_MS + 3_000);
    expect(setting.isr).toHaveLength(2);
  });

  it('is refused without enough in-sync replicas, before anything is written', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    for (const id of setting.followers) setting.kafka.brokers.get(id)?.kill();
    await setting.pass(8_000);
    expect(setting.isr).toEqual([leader]);
    expect(await setting.until(setting.produce('a'))).toMatchObject([{ error: 'NOT_ENOUGH_REPLICAS', offset: -1 }]);
    expect(setting.kafka.brokers.get(leader)?.replicas.get('log/0')?.log).toEqual([]);
  });

  it('may be written although its answer was lost, and says so', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    const back = setting.world.network.path(`broker-${leader}`, 'client');
    back.block();
    const asked = setting.produce('a');
    await setting.pass(100);
    setting.kafka.calls.cut('client', `broker-${leader}`);
    await expect(setting.until(asked)).rejects.toMatchObject({ maybeArrived: true });
    expect(setting.kafka.committed('log', 0)).toHaveLength(1);
    back.unblock();
  });

  it('may arrive long after nobody waits for it any more', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    const way = setting.world.network.path('client', `broker-${leader}`);
    way.block();
    await expect(setting.until(setting.produce('late'))).rejects.toBeInstanceOf(NoAnswerError);
    expect(setting.kafka.committed('log', 0)).toEqual([]);
    way.unblock();
    await setting.pass(3_000);
    expect(setting.kafka.committed('log', 0).map(({ record }) => record.key)).toEqual(['late']);
  });

  it('never left the client where the broker is down', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    setting.kafka.brokers.get(leader)?.kill();
    await expect(setting.until(setting.produce('a', leader))).rejects.toMatchObject({ maybeArrived: false });
  });
});

describe('a change of leaders', () => {
  it('takes only replicas that have everything, and cuts off what never was on all of them', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    await setting.until(setting.produce('kept'));
    const heal = setting.cutOff(leader, [...setting.followers.map((id) => `broker-${id}`), 'controller']);
    const tail = setting.produce('lost', leader);
    expect(await setting.until(tail)).toMatchObject([{ error: 'REQUEST_TIMED_OUT' }]);
    await setting.pass(8_000);
    expect(setting.leader).not.toBe(leader);
    expect(await setting.until(setting.produce('new'))).toMatchObject([{ error: undefined, offset: 1 }]);
    heal();
    await setting.pass(10_000);
    for (const id of [1, 2, 3]) {
      const log = setting.kafka.brokers.get(id)?.replicas.get('log/0')?.log ?? [];
      expect(log.map(({ record }) => record.key)).toEqual(['kept', 'new']);
    }
    expect(setting.isr).toHaveLength(3);
  });

  it('leaves a leader that does not know of it: it answers from what was, and acknowledges nothing', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    await setting.until(setting.produce('kept'));
    const heal = setting.cutOff(leader, [...setting.followers.map((id) => `broker-${id}`), 'controller']);
    await setting.pass(8_000);
    await setting.until(setting.produce('new'));
    const [old] = await setting.until(setting.fetch(leader));
    expect(old).toMatchObject({ error: undefined, end: 1 });
    expect(await setting.until(setting.produce('zombie', leader))).toMatchObject([{ error: 'REQUEST_TIMED_OUT' }]);
    heal();
    await setting.pass(5_000);
    const [moved] = await setting.until(setting.fetch(leader));
    expect(moved?.error).toBe('NOT_LEADER_OR_FOLLOWER');
  });

  it('has no leader rather than one that lacks something', async () => {
    const setting = setUp();
    const leader = await setting.ready();
    for (const id of setting.followers) setting.kafka.brokers.get(id)?.kill();
    await setting.pass(8_000);
    setting.kafka.brokers.get(leader)?.kill();
    for (const id of [1, 2, 3]) if (id !== leader) setting.kafka.brokers.get(id)?.start();
    await setting.pass(10_000);
    expect(setting.leader).toBe(-1);
    setting.kafka.brokers.get(leader)?.start();
    await setting.pass(6_000);
    expect(setting.leader).toBe(leader);
  });
});

describe('a cluster under random faults', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'loses nothing acknowledged and takes back nothing readable (%i)',
    async (seed) => {
      const setting = setUp(`random ${seed}`);
      const random = setting.world.random.fork('faults');
      await setting.ready();
      const acked: string[] = [];
      for (let step = 0; step < 60; step += 1) {
        const broker = setting.kafka.brokers.get(random.whole(1, 3));
        const roll = random.float();
        if (roll < 0.15) broker?.kill();
        else if (roll < 0.4) broker?.start();
        else if (roll < 0.5) broker?.process?.pause();
        else if (roll < 0.65) for (const { process } of setting.kafka.brokers.values()) process?.resume();
        const key = `record ${step}`;
        setting.produce(key, random.chance(0.8) ? setting.leader : random.whole(1, 3)).then(
          ([produced]) => {
            if (produced?.error === undefined) acked.push(key);
          },
          () => undefined,
        );
        await setting.pass(random.waiting(700));
        setting.kafka.check();
      }
      for (const broker of setting.kafka.brokers.values()) {
        broker.process?.resume();
        broker.start();
      }
      await setting.pass(30_000);
      setting.kafka.check();
      const there = new Set(setting.kafka.committed('log', 0).map(({ record }) => record.key));
      expect(acked.length).toBeGreaterThan(0);
      expect(acked.filter((key) => !there.has(key))).toEqual([]);
      expect(setting.isr).toHaveLength(3);
    },
  );
});
