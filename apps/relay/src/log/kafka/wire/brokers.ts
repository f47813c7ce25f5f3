import type { Clock } from '@parley/protocol/environment';
import { errorText } from '../../error-text.ts';
import { type CommitRequest, type KafkaCluster, NoAnswerError, type TopicInfo } from '../cluster.ts';
import { type Connection, openConnection } from './connection.ts';
import {
  type Address,
  type Api,
  FETCH,
  FIND_COORDINATOR,
  METADATA,
  OFFSET_COMMIT,
  OFFSETS,
  PRODUCE,
} from './requests.ts';

export interface BrokersOptions {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: readonly string[];
  /** Names this node in the brokers' logs and quotas. */
  clientId: string;
  clock: Clock;
}

/** A broker that hangs is left to itself quickly. */
const ASK_WITHIN_MS = 2000;
/** So long one broker is waited for before the next is asked as well. */
const ASK_NEXT_AFTER_MS = 300;
const CLOSED = 'this node has let go of Kafka';
/** What an answer may take beyond what the broker was told to wait. */
const PRODUCE_EXTRA_MS = 1000;
const FETCH_EXTRA_MS = 2000;

/**
 * A broker answers one request of a connection before it looks at the next, so what waits for something has a connection of
 * its own: appends for replicas, fetches for records; signals and questions wait for neither.
 */
type Lane = 'append' | 'signal' | `fetch ${number}` | 'ask';

/** Brokers over TCP. Connections open when they are needed and are not kept after a failure. */
export function connectBrokers(options: BrokersOptions): KafkaCluster {
  return new TcpBrokers(options);
}

class TcpBrokers implements KafkaCluster {
  readonly #options: BrokersOptions;
  readonly #bootstrap: readonly Address[];
  /** Of all brokers, by id, as the last answer told. */
  #known = new Map<number, Address>();
  readonly #connections = new Map<string, Connection>();
  /** Where to ask first: who answered last. */
  #first = 0;
  #closed = false;

  constructor(options: BrokersOptions) {
    this.#options = options;
    this.#bootstrap = options.brokers.map(addressOf);
  }

  async metadata(topics: readonly string[]): Promise<TopicInfo[]> {
    const answer = await this.#askAny(METADATA, topics);
    if (answer.brokers.size > 0) this.#known = answer.brokers;
    return answer.topics;
  }

  produce: KafkaCluster['produce'] = (broker, request) => {
    const lane = request.acks === -1 ? 'append' : 'signal';
    const atMs = this.#options.clock.wallMs();
    return this.#ask(broker, lane, PRODUCE, { ...request, atMs }, request.timeoutMs + PRODUCE_EXTRA_MS);
  };

  fetch: KafkaCluster['fetch'] = (broker, request) =>
    this.#ask(broker, `fetch ${request.lane}`, FETCH, request, request.maxWaitMs + FETCH_EXTRA_MS);

  offsets: KafkaCluster['offsets'] = (broker, request) => this.#ask(broker, 'ask', OFFSETS, request, ASK_WITHIN_MS);

  async commitOffsets(request: CommitRequest): Promise<void> {
    const { error, address } = await this.#askAny(FIND_COORDINATOR, request.group);
    if (error !== undefined) throw new Error(error);
    const answers = await this.#connection(address, 'ask').request(OFFSET_COMMIT, request, ASK_WITHIN_MS);
    const failed = answers.find((answer) => answer.error !== undefined);
    if (failed !== undefined) throw new Error(failed.error);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.close(CLOSED);
  }

  #ask<Request, Answer>(
    broker: number,
    lane: Lane,
    api: Api<Request, Answer>,
    request: Request,
    timeoutMs: number,
  ): Promise<Answer> {
    const address = this.#known.get(broker);
    if (address === undefined || this.#closed) {
      const reason = this.#closed ? CLOSED : `broker ${broker} is not known`;
      return Promise.reject(new NoAnswerError(reason, { maybeArrived: false }));
    }
    return this.#connection(address, lane).request(api, request, timeoutMs);
  }

  /** One broker after the other, each a little later, until one answers. */
  async #askAny<Request, Answer>(api: Api<Request, Answer>, request: Request): Promise<Answer> {
    if (this.#closed) throw new NoAnswerError(CLOSED, { maybeArrived: false });
    const all = this.#addresses();
    const turns = all.map((_, turn) => (this.#first + turn) % all.length);
    const first = Promise.withResolvers<Answer>();
    let failures = 0;
    let last: unknown;
    let done = false;
    for (const turn of turns) {
      const address = all[turn];
      if (done || this.#closed || address === undefined) break;
      const asked = this.#connection(address, 'ask').request(api, request, ASK_WITHIN_MS);
      const ended = asked.then(
        (answer) => {
          // The next in its turn: what one broker knows may be old.
          this.#first = turn + 1;
          done = true;
          first.resolve(answer);
        },
        (error: unknown) => {
          last = error;
          failures += 1;
          if (failures === turns.length) first.reject(error);
        },
      );
      await Promise.race([ended, this.#sleep(ASK_NEXT_AFTER_MS)]);
    }
    if (this.#closed) first.reject(last);
    try {
      return await first.promise;
    } catch {
      throw new NoAnswerError(`no broker answers, the last one: ${errorText(last)}`, { maybeArrived: false });
    }
  }

  /** Brokers that are known, then the ones that were configured. */
  #addresses(): Address[] {
    const all = new Map<string, Address>();
    for (const address of [...this.#known.values(), ...this.#bootstrap]) all.set(nameOf(address), address);
    return [...all.values()];
  }

  #connection(address: Address, lane: Lane): Connection {
    const name = `${lane} ${nameOf(address)}`;
    const existing = this.#connections.get(name);
    if (existing !== undefined) return existing;
    const connection: Connection = openConnection(address, {
      clientId: this.#options.clientId,
      clock: this.#options.clock,
      onClose: () => {
        if (this.#connections.get(name) === connection) this.#connections.delete(name);
      },
    });
    this.#connections.set(name, connection);
    return connection;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(resolve, ms));
  }
}

function nameOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

function addressOf(broker: string): Address {
  const colon = broker.lastIndexOf(':');
  return { host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)) };
}
