import { afterEach, describe, expect, it } from 'vitest';
import { type Fetched, type FetchRequest, type KafkaCluster, NoAnswerError } from '../../src/log/kafka/cluster.ts';
import { createFetcher, type Fetcher, type Stream } from '../../src/log/kafka/fetcher.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { quiet } from './drafts.ts';

/** A fetch that the test answers. */
interface Asked {
  broker: number;
  request: FetchRequest;
  /** `topic/partition@offset` of each. */
  what: string[];
  answer: (records?: Record<string, number>, error?: Fetched['error']) => void;
  fail: () => void;
}

/** Two topics with a partition each; who leads which is the test's to say. */
class World {
  readonly clock = new FakeClock();
  readonly leaders: Record<string, number> = { log: 1, state: 1 };
  readonly asked: Asked[] = [];
  readonly taken: string[] = [];
  readonly refusals: string[] = [];
  readonly faults: (string | undefined)[] = [];
  readonly positions: Record<string, number> = { log: 0, state: 0 };
  full = false;
  gatherMs = 0;
  epoch = 1;
  /** Topics that a broker does not know. */
  unknown: string[] = [];
  lookUps = 0;
  readonly fetcher: Fetcher;

  constructor() {
    this.fetcher = createFetcher({
      cluster: this.#cluster(),
      streams: [this.#stream('log'), this.#stream('state')],
      clock: this.clock,
      logger: quiet,
      gatherMs: () => this.gatherMs,
      onReadable: (fault) => this.faults.push(fault),
    });
  }

  /** The last fetch of a broker that asked for a topic. */
  last(topic: string, broker: number): Asked {
    const found = this.asked.findLast(
      (one) => one.broker === broker && one.what.some((name) => name.startsWith(topic)),
    );
    if (found === undefined) throw new Error(`broker ${broker} was not asked for ${topic}`);
    return found;
  }

  #stream(topic: string): Stream {
    return {
      topic,
      partition: 0,
      position: () => this.positions[topic] ?? 0,
      full: () => this.full && topic !== 'state',
      accept: ({ records, next }) => {
        this.taken.push(...records.map(({ offset }) => `${topic}@${offset}`));
        this.positions[topic] = next;
      },
      refused: (error) => this.refusals.push(`${topic} ${error}`),
    };
  }

  #cluster(): KafkaCluster {
    return {
      metadata: async (topics) => {
        this.lookUps += 1;
        return topics
          .filter((topic) => !this.unknown.includes(topic))
          .map((topic) => ({
            topic,
            error: undefined,
            partitions: [
              {
                topic,
                partition: 0,
                leader: this.leaders[topic] ?? -1,
                leaderEpoch: this.epoch,
                replicas: [1, 2],
                isr: [1, 2],
              },
            ],
          }));
      },
      fetch: (broker, request) =>
        new Promise((resolve, reject) => {
          this.asked.push({
            broker,
            request,
            what: request.partitions.map(({ topic, offset }) => `${topic}@${offset}`),
            answer: (records = {}, error) => resolve(request.partitions.map((one) => answerTo(one, records, error))),
            fail: () => reject(new NoAnswerError('gone', { maybeArrived: true })),
          });
        }),
      produce: () => Promise.reject(new Error('not here')),
      offsets: () => Promise.reject(new Error('not here')),
      commitOffsets: () => Promise.resolve(),
      close() {},
    };
  }
}

function answerTo(
  { topic, partition, offset }: FetchRequest['partitions'][number],
  counts: Record<string, number>,
  error: Fetched['error'],
): Fetched {
  const count = error === undefined ? (counts[topic] ?? 0) : 0;
  const records = Array.from({ length: count }, (_, at) => ({
    offset: offset + at,
    key: 'k',
    value: new Uint8Array(),
    headers: [],
  }));
  return { topic, partition, error, start: 0, end: offset + count, records, next: offset + count };
}

let world: World;

async function begin(): Promise<void> {
  world = new World();
  world.fetcher.start();
  await world.clock.pass(0);
}

afterEach(() => world.fetcher.stop());

describe('the fetcher', () => {
  it('asks a leader for all it leads at once, and again where the records ended', async () => {
    await begin();
    expect(world.asked.map(({ broker, what }) => [broker, ...what])).toEqual([[1, 'log@0', 'state@0']]);
    world.asked[0]?.answer({ log: 3 });
    await world.clock.pass(0);
    expect(world.taken).toEqual(['log@0', 'log@1', 'log@2']);
    expect(world.asked[1]?.what).toEqual(['log@3', 'state@0']);
  });

  it('goes on with one partition while another has no leader', async () => {
    await begin();
    world.leaders['log'] = -1;
    world.asked[0]?.answer({}, 'NOT_LEADER_OR_FOLLOWER');
    await world.clock.pass(100);
    expect(world.refusals).toEqual(['log NOT_LEADER_OR_FOLLOWER', 'state NOT_LEADER_OR_FOLLOWER']);
    expect(world.asked.at(-1)?.what).toEqual(['state@0']);
    world.leaders['log'] = 2;
    await world.clock.pass(600);
    expect(world.last('log', 2).what).toEqual(['log@0']);
  });

  it('reads from a new leader at once, though it waits there already for something else', async () => {
    await begin();
    world.leaders['state'] = 2;
    world.asked[0]?.answer({}, 'NOT_LEADER_OR_FOLLOWER');
    await world.clock.pass(100);
    const waiting = world.last('state', 2);
    world.last('log', 1).answer({}, 'NOT_LEADER_OR_FOLLOWER');
    world.leaders['log'] = 2;
    await world.clock.pass(100);
    const beside = world.last('log', 2);
    expect(beside.what).toEqual(['log@0']);
    expect(beside.request.lane).not.toBe(waiting.request.lane);
  });

  it('has one fetch at a broker again when its partitions came there one by one', async () => {
    await begin();
    world.leaders['state'] = 2;
    world.asked[0]?.answer({}, 'NOT_LEADER_OR_FOLLOWER');
    await world.clock.pass(100);
    world.last('log', 1).answer({}, 'NOT_LEADER_OR_FOLLOWER');
    world.leaders['log'] = 2;
    await world.clock.pass(100);
    world.last('state', 2).answer({ state: 1 });
    await world.clock.pass(0);
    expect(world.asked.at(-1)?.what).toEqual(['log@0', 'state@1']);
    world.last('log', 2).answer({ log: 1 });
    await world.clock.pass(0);
    const count = world.asked.length;
    world.asked
      .find(({ broker, what }) => broker === 2 && what.length === 1 && what[0] === 'log@0')
      ?.answer({ log: 1 });
    await world.clock.pass(0);
    expect(world.taken).toEqual(['state@0', 'log@0']);
    expect(world.asked).toHaveLength(count);
  });

  it('believes no broker that knows less than is known: an older leader, or no topic at all', async () => {
    await begin();
    world.epoch = 0;
    world.leaders['log'] = 2;
    await world.clock.pass(4_000);
    world.epoch = 1;
    world.unknown = ['log'];
    await world.clock.pass(4_000);
    expect(world.asked.filter(({ broker }) => broker === 2)).toEqual([]);
  });

  it('leaves a broker that goes on answering when another was elected', async () => {
    await begin();
    world.epoch = 2;
    world.leaders['log'] = 2;
    for (let second = 0; second < 4; second += 1) {
      world.last('log', 1).answer();
      await world.clock.pass(1_000);
    }
    expect(world.last('log', 2).what).toEqual(['log@0']);
  });

  it('leaves a broker that hangs for the one that leads now, and takes nothing from it any more', async () => {
    await begin();
    world.leaders['log'] = 2;
    world.leaders['state'] = 2;
    await world.clock.pass(2_100);
    const moved = world.last('log', 2);
    moved.answer({ log: 1 });
    await world.clock.pass(0);
    world.asked[0]?.answer({ log: 1 });
    await world.clock.pass(0);
    expect(world.taken).toEqual(['log@0']);
  });

  it('asks again after a failure, but not in a busy loop', async () => {
    await begin();
    for (let second = 0; second < 10; second += 1) {
      await world.clock.pass(100);
      world.asked.at(-1)?.fail();
    }
    await world.clock.pass(500);
    expect(world.asked.length).toBeGreaterThan(3);
    expect(world.lookUps).toBeLessThan(25);
  });

  it('is not led into a busy loop by a broker that answers nothing at once', async () => {
    await begin();
    const end = world.clock.monotonicMs() + 1_000;
    while (world.clock.monotonicMs() < end) {
      world.asked.at(-1)?.answer();
      await world.clock.pass(1);
    }
    expect(world.asked.length).toBeLessThan(40);
  });

  it('fetches nothing while there is no room, and goes on when there is', async () => {
    await begin();
    world.full = true;
    world.asked[0]?.answer({ log: 1 });
    await world.clock.pass(0);
    // Others go on, with short waits, so that it is back soon.
    expect(world.asked[1]?.what).toEqual(['state@0']);
    expect(world.asked[1]?.request.maxWaitMs).toBeLessThanOrEqual(100);
    world.full = false;
    world.fetcher.resume();
    world.asked[1]?.answer();
    await world.clock.pass(0);
    expect(world.asked[2]?.what).toEqual(['log@1', 'state@0']);
    expect(world.asked[2]?.request.maxWaitMs).toBe(1_000);
    expect(world.faults.filter((fault) => fault !== undefined)).toEqual([]);
  });

  it('says when no broker answers, and when one partition is not read', async () => {
    await begin();
    await world.clock.pass(3_500);
    expect(world.faults.at(-1)).toMatch(/no broker answered for \d s/);
    world.leaders['log'] = -1;
    world.asked.at(-1)?.answer({}, 'NOT_LEADER_OR_FOLLOWER');
    for (let second = 0; second < 12; second += 1) {
      await world.clock.pass(1_000);
      world.asked.at(-1)?.answer();
    }
    expect(world.faults.at(-1)).toMatch(/nothing could be read of log\/0 for \d+ s/);
    expect(world.faults.at(3)).toBeUndefined();
  });

  it('lets records gather where it is asked to and enough of them come', async () => {
    await begin();
    world.gatherMs = 10;
    for (let fetch = 0; fetch < 400; fetch += 1) {
      await world.clock.pass(5);
      world.asked.at(-1)?.answer({ log: 1 });
      await world.clock.pass(0);
    }
    const before = world.asked.length;
    await world.clock.pass(9);
    expect(world.asked).toHaveLength(before);
    await world.clock.pass(2);
    expect(world.asked).toHaveLength(before + 1);
  });
});
