import type { Clock } from '@parley/protocol/environment';
import type { ProducerBatch } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { LogUnavailableError } from '../../src/log/log.ts';
import { createPartitionedProducer, type PartitionState } from '../../src/log/kafka/producer.ts';
import { numbered, quiet } from './drafts.ts';

/** A request that the test answers. */
interface Request {
  /** `partition:value` of each record. */
  records: string[];
  answer: () => void;
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

function producerOn(leaders: readonly number[]) {
  const requests: Request[] = [];
  const faults: (string | undefined)[] = [];
  let writable = true;
  const states = (): PartitionState[] =>
    leaders.map((leader, partition) => ({ topic: 't', partition, leader, writable }));
  const producer = createPartitionedProducer({
    sendBatch: ({ topicMessages = [] }: ProducerBatch) =>
      new Promise<void>((answer, fail) => {
        const messages = topicMessages.flatMap((topic) => topic.messages);
        requests.push({
          records: messages.map(({ partition, value }) => `${partition}:${String(value)}`),
          answer,
          fail,
        });
      }),
    partitions: states(),
    lookUp: async () => states(),
    clock: eagerClock(),
    logger: quiet,
    onFault: (reason) => faults.push(reason),
  });
  const write = (partition: number, value: string): Promise<void> =>
    producer.write('t', partition, { value, partition }, value.length);
  const setWritable = (now: boolean): void => {
    writable = now;
  };
  return { producer, requests, faults, write, setWritable };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const refused = (type: string): Error => Object.assign(new Error(type), { type });

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
    requests[0]?.fail(refused('NOT_LEADER_FOR_PARTITION'));
    await until(() => requests.length === 2);
    expect(requests[1]?.records).toEqual(['0:a']);
    requests[1]?.fail(new Error('connection closed'));
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
    requests[1]?.fail(refused('LEADER_NOT_AVAILABLE'));
    await until(() => requests.length === 4);
    expect(requests.slice(2).map(({ records }) => records)).toEqual([['0:b'], ['1:c']]);
    requests[3]?.answer();
    await good;
    requests[2]?.answer();
    await bad;
  });

  it.each([
    ['NOT_ENOUGH_REPLICAS', false],
    ['REQUEST_TIMED_OUT', true],
  ])('gives up after some seconds and tells whether it may be written: %s, %s', async (type, maybeWritten) => {
    const { requests, faults, write, setWritable } = producerOn([1]);
    setWritable(false);
    const outcome = write(0, 'a').catch((error: unknown) => error);
    const queued = write(0, 'b').catch((error: unknown) => error);
    let answered = 0;
    while (faults.length === 0) {
      if (requests.length > answered) requests[answered++]?.fail(refused(type));
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
