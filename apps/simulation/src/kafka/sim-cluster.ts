/** A node's way to the model: what `wire/brokers.ts` is over TCP, with the same patience, over this node's own faulty network. */
import { type KafkaCluster, NoAnswerError, type TopicInfo } from '@parley/relay/kafka-cluster';
import type { Calls, Host } from '../world/calls.ts';
import type { SimProcess } from '../world/process.ts';
import type { Broker } from './broker.ts';

/** As in wire/brokers.ts. */
const ASK_WITHIN_MS = 2_000;
const ASK_NEXT_AFTER_MS = 300;
const PRODUCE_EXTRA_MS = 1_000;
const FETCH_EXTRA_MS = 2_000;

export class SimCluster implements KafkaCluster {
  readonly #process: SimProcess;
  readonly #node: Host;
  readonly #calls: Calls;
  readonly #brokers: ReadonlyMap<number, Broker>;
  readonly #underWay = new Set<(error: NoAnswerError) => void>();
  #first = 0;
  #isClosed = false;

  constructor(process: SimProcess, host: string, parts: { calls: Calls; brokers: ReadonlyMap<number, Broker> }) {
    this.#process = process;
    this.#node = { name: host, process };
    this.#calls = parts.calls;
    this.#brokers = parts.brokers;
  }

  /** One broker after the other, each a little later, until one answers. */
  async metadata(topics: readonly string[]): Promise<TopicInfo[]> {
    const brokers = [...this.#brokers.values()];
    const turns = brokers.map((_, turn) => (this.#first + turn) % brokers.length);
    const first = Promise.withResolvers<TopicInfo[]>();
    let failures = 0;
    let isDone = false;
    for (const turn of turns) {
      const broker = brokers[turn];
      if (isDone || broker === undefined) break;
      const asked = this.#ask<TopicInfo[]>(broker, 'metadata', ASK_WITHIN_MS, (answer) =>
        answer(broker.metadata(topics)),
      );
      const ended = asked.then(
        (answer) => {
          isDone = true;
          // As the product does: what one broker knows may be old.
          this.#first = (turn + 1) % brokers.length;
          first.resolve(answer);
        },
        (error: unknown) => {
          failures += 1;
          if (failures === turns.length) first.reject(new NoAnswerError(String(error), { maybeArrived: false }));
        },
      );
      await Promise.race([ended, this.#sleep(ASK_NEXT_AFTER_MS)]);
    }
    return first.promise;
  }

  produce: KafkaCluster['produce'] = (id, request) =>
    this.#askBroker(id, `produce ${describe(request)}`, request.timeoutMs + PRODUCE_EXTRA_MS, (broker, answer) =>
      broker.produce(request, answer),
    );

  fetch: KafkaCluster['fetch'] = (id, request) =>
    this.#askBroker(id, 'fetch', request.maxWaitMs + FETCH_EXTRA_MS, (broker, answer) => broker.fetch(request, answer));

  offsets: KafkaCluster['offsets'] = (id, request) =>
    this.#askBroker(id, 'offsets', ASK_WITHIN_MS, (broker, answer) => answer(broker.offsets(request)));

  // Only tools look at what is committed.
  commitOffsets(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#isClosed = true;
    for (const fail of this.#underWay) fail(new NoAnswerError('closed', { maybeArrived: true }));
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#process.after(ms, `${this.#process.name} asks the next broker too`, resolve));
  }

  #askBroker<Answer>(
    id: number,
    what: string,
    timeoutMs: number,
    serve: (broker: Broker, answer: (value: Answer) => void) => void,
  ): Promise<Answer> {
    const broker = this.#brokers.get(id);
    if (broker === undefined)
      return Promise.reject(new NoAnswerError(`broker ${id} is not known`, { maybeArrived: false }));
    return this.#ask(broker, what, timeoutMs, (answer) => serve(broker, answer));
  }

  #ask<Answer>(
    broker: Broker,
    what: string,
    timeoutMs: number,
    serve: (answer: (value: Answer) => void) => void,
  ): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(new NoAnswerError('closed', { maybeArrived: false }));
    return new Promise((resolve, reject) => {
      const end = (): void => {
        cancel();
        this.#underWay.delete(fail);
      };
      const fail = (error: NoAnswerError): void => {
        end();
        reject(error);
      };
      const cancel = this.#process.clock.setTimer(
        () => fail(new NoAnswerError('no answer in time', { maybeArrived: true })),
        timeoutMs,
      );
      this.#underWay.add(fail);
      this.#calls.call<Answer>({
        from: this.#node,
        to: broker,
        label: `${this.#process.name} ${what} at ${broker.name}`,
        serve,
        done: (result) => {
          if (!this.#underWay.has(fail)) return;
          if ('failed' in result)
            fail(new NoAnswerError(`the connection was ${result.failed}`, { maybeArrived: result.failed === 'reset' }));
          else {
            end();
            resolve(result.answer);
          }
        },
      });
    });
  }
}

function describe(request: Parameters<KafkaCluster['produce']>[1]): string {
  return request.batches
    .map(({ topic, partition, records }) => `${records.length} to ${topic}/${partition}`)
    .join(', ');
}
