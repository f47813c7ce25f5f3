import type { Clock } from '@parley/protocol/environment';
import { describe, expect, it } from 'vitest';
import { LogUnavailableError } from '../../src/log/log.ts';
import {
  type KafkaErrorName,
  NoAnswerError,
  type PartitionInfo,
  type Produced,
  type ProduceRequest,
} from '../../src/log/kafka/cluster.ts';
import { createPartitionedProducer } from '../../src/log/kafka/producer.ts';
import { numbered, quiet } from './drafts.ts';

/** A request that the test answers. */
interface Request {
  broker: number;
  /** `partition:value` of each record. */
  records: string[];
  answer: (error?: KafkaErrorName) => void;
  answerEach: (error: (batch: { partition: number }) => KafkaErrorName | undefined) => void;
  fail: (error: Error) => void;
}

/** Timers fire as soon as everything else has settled; time then is where the timer was set for. */
function eagerClock(): Clock {
  let now = 0;
  return {
    wallMs: () => now,
    monotonicMs: () => now,
    setTimer(callback, delayMs) {
      const at = now + delayMs;
      const handle = setImmediate(() => {
        now = Math.max(now, at);
        callback();
      });
      return () => clearImmediate(handle);
    },
  };
}

function producerOn(leaders: number[]) {
  const requests: Request[] = [];
  const faults: (string | undefined)[] = [];
  let writable = true;
  const states = (): PartitionInfo[] =>
    leaders.map((leader, partition) => {
      const isr = writable ? [1, 2, 3] : [1];
      return { topic: 't', partition, leader, leaderEpoch: 0, replicas: [1, 2, 3], isr };
    });
  const produce = (broker: number, { batches }: ProduceRequest): Promise<Produced[]> =>
    new Promise((resolve, fail) => {
      requests.push({
        broker,
        records: batches.flatMap(({ partition, records }) =>
          records.map(({ value }) => `${partition}:${Buffer.from(value).toString()}`),
        ),
        answer: (error) => resolve(batches.map(({ topic, partition }) => ({ topic, partition, error, offset: 0 }))),
        answerEach: (error) =>
          resolve(
            batches.map(({ topic, partition }) => ({ topic, partition, error: error({ partition }), offset: 0 })),
          ),
        fail,
      });
    });
  const producer = createPartitionedProducer({
    cluster: { produce },
    partitions: states(),
    lookUp: async () => states(),
    minInsyncReplicas: 2,
    clock: eagerClock(),
    logger: quiet,
    onFault: (reason) => faults.push(reason),
  });
  const write = (partition: number, value: string): Promise<void> =>
    producer.write('t', partition, { key: 'k', value: Buffer.from(value), headers: [] }, value.length);
  const setWritable = (now: boolean): void => {
    writable = now;
  };
  return { producer, requests, faults, write, setWritable };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const noAnswer = (maybeArrived: boolean): Error => new NoAnswerError('no answer', { maybeArrived });

describe('appending to Kafka', () => {
  it('sends the first at once and collects the others while it is on its way, by leader', async () => {
    const { requests, write } = producerOn([1, 1, 2]);
    const written = [write(0, 'a'), write(1, 'b'), write(0, 'c'), write(2, 'd')];
    expect(requests.map(({ records }) => records)).toEqual([['0:a'], ['2:d']]);
    requests[0]?.answer();
    await written[0];
    await turn();
    expect(requests[2]?.records.toSorted()).toEqual(['0:c', '1:b']);
    requests[1]?.answer();
    requests[2]?.answer();
    await Promise.all(written);
  });

  it('keeps the order of a partition over retries: nothing overtakes what failed', async () => {
    const { requests, write } = producerOn([1]);
    const written = [write(0, 'a'), write(0, 'b')];
    requests[0]?.answer('NOT_LEADER_OR_FOLLOWER');
    await until(() => requests.length === 2);
    expect(requests[1]?.records).toEqual(['0:a']);
    requests[1]?.fail(noAnswer(true));
    await until(() => requests.length === 3);
    expect(requests[2]?.records).toEqual(['0:a']);
    requests[2]?.answer();
    await written[0];
    await until(() => requests.length === 4);
    expect(requests[3]?.records).toEqual(['0:b']);
    requests[3]?.answer();
    await written[1];
  });

  it('does not let a partition without a leader hold up the others of the same broker', async () => {
    const { requests, write } = producerOn([1, 1]);
    const first = write(0, 'a');
    const [bad, good] = [write(0, 'b'), write(1, 'c')];
    requests[0]?.answer();
    await first;
    await turn();
    requests[1]?.fail(noAnswer(false));
    await until(() => requests.length === 4);
    expect(requests.slice(2).map(({ records }) => records)).toEqual([['0:b'], ['1:c']]);
    requests[3]?.answer();
    await good;
    requests[2]?.answer();
    await bad;
  });

  it('leaves a broker that hangs when another leads, and does not wait for its answer', async () => {
    const leaders = [1];
    const { requests, write } = producerOn(leaders);
    const written = write(0, 'a');
    leaders[0] = 2;
    await until(() => requests.length === 2);
    expect(requests.map(({ broker, records }) => [broker, ...records])).toEqual([
      [1, '0:a'],
      [2, '0:a'],
    ]);
    requests[1]?.answer();
    await written;
    requests[0]?.fail(noAnswer(true));
    await turn();
    expect(requests).toHaveLength(2);
  });

  it('sends what waited for a broker that hangs as soon as another leads it', async () => {
    const leaders = [1, 1];
    const { requests, write } = producerOn(leaders);
    const written = [write(0, 'a'), write(1, 'b')];
    leaders[0] = 2;
    leaders[1] = 3;
    await until(() => requests.some(({ broker }) => broker === 3));
    expect(requests.find(({ broker }) => broker === 3)?.records).toEqual(['1:b']);
    await until(() => requests.some(({ broker }) => broker === 2));
    for (const request of requests.slice(1)) request.answer();
    await Promise.all(written);
  });

  it('takes what one partition refused for that one alone', async () => {
    const { requests, write } = producerOn([1, 1]);
    const first = write(0, 'a');
    const others = [write(0, 'b'), write(1, 'c')];
    requests[0]?.answer();
    await first;
    await turn();
    requests[1]?.answerEach(({ partition }) => (partition === 0 ? 'NOT_ENOUGH_REPLICAS' : undefined));
    await others[1];
    await until(() => requests.length === 3);
    expect(requests[2]?.records).toEqual(['0:b']);
    requests[2]?.answer();
    await others[0];
  });

  it.each([
    ['NOT_ENOUGH_REPLICAS', false],
    ['REQUEST_TIMED_OUT', true],
  ] as const)('gives up after some seconds and tells whether it may be written: %s, %s', async (type, maybeWritten) => {
    const { requests, faults, write, setWritable } = producerOn([1]);
    setWritable(false);
    const outcome = write(0, 'a').catch((error: unknown) => error);
    const queued = write(0, 'b').catch((error: unknown) => error);
    let answered = 0;
    while (faults.length === 0) {
      if (requests.length > answered) requests[answered++]?.answer(type);
      await turn();
    }
    expect(await outcome).toBeInstanceOf(LogUnavailableError);
    expect(await outcome).toMatchObject({ maybeWritten });
    expect(await queued).toMatchObject({ maybeWritten: false });
    await expect(write(0, 'c')).rejects.toMatchObject({ maybeWritten: false });

    setWritable(true);
    await until(() => faults.at(-1) === undefined);
    const again = write(0, 'd');
    requests.at(-1)?.answer();
    await again;
  });

  it('refuses what would make its queue endless', async () => {
    const { requests, write } = producerOn([1]);
    const written = numbered(20_001).map((value) => write(0, value));
    await expect(write(0, 'too many')).rejects.toMatchObject({ maybeWritten: false });
    for (let answered = 0; answered < 41; answered += 1) {
      await until(() => requests.length > answered);
      expect(requests[answered]?.records.length).toBeLessThanOrEqual(500);
      requests[answered]?.answer();
    }
    await Promise.all(written);
  });

  it('is drained when nothing is on its way, and closed takes no more', async () => {
    const { producer, requests, write } = producerOn([1]);
    const written = write(0, 'a');
    let drained = false;
    const waiting = producer.drained().then(() => (drained = true));
    await turn();
    expect(drained).toBe(false);
    requests[0]?.answer();
    await written;
    await waiting;
    producer.close();
    await expect(write(0, 'b')).rejects.toBeInstanceOf(LogUnavailableError);
  });
});
