/** A broker's fetches from one leader: one at a time for all partitions that it follows there. */
import type { Host } from '../world/calls.ts';
import type { Broker, BrokerParts } from './broker.ts';
import type { Replica, ReplicaAnswer, ReplicaFetch } from './replica.ts';

/** A leader with nothing new answers after this. */
const WAIT_MS = 500;
const BACK_OFF_MS = 1_000;
/** An answer that does not come is not waited for any longer. */
const TIMEOUT_MS = 30_000;

export class Following {
  readonly #broker: Broker;
  readonly #leader: number;
  readonly #parts: BrokerParts;
  /** The fetch under way; an answer to an older one is still taken. */
  #turn = 0;
  #isRunning = false;

  constructor(broker: Broker, leader: number, parts: BrokerParts) {
    this.#broker = broker;
    this.#leader = leader;
    this.#parts = parts;
  }

  /** There is a partition more to follow. */
  begin(): void {
    this.#ask();
  }

  get #followed(): Replica[] {
    return [...this.#broker.replicas.values()].filter(
      ({ role, leader }) => role === 'follower' && leader === this.#leader,
    );
  }

  #ask(): void {
    const { process } = this.#broker;
    const leader = this.#parts.brokers.get(this.#leader);
    const fetches = this.#followed.map(({ key, epoch, log, lastEpoch }): ReplicaFetch => ({
      key,
      epoch,
      end: log.length,
      lastEpoch,
    }));
    this.#turn += 1;
    const turn = this.#turn;
    this.#isRunning = process !== undefined && leader !== undefined && fetches.length > 0;
    if (process === undefined || leader === undefined || fetches.length === 0) return;
    const again = (delayMs: number): void => {
      if (turn === this.#turn)
        process.after(delayMs, `${this.#broker.name} follows again`, () => {
          if (turn === this.#turn) this.#ask();
        });
    };
    this.#parts.calls.call<ReplicaAnswer[]>({
      from: this.#broker,
      to: leader,
      label: `${this.#broker.name} follows`,
      serve: (answer) => serveFollower(leader, { follower: this.#broker.id, fetches, parts: this.#parts }, answer),
      done: (result) => {
        if ('failed' in result) {
          again(BACK_OFF_MS);
          return;
        }
        const { now } = this.#parts.world.time;
        let isGood = true;
        for (const answer of result.answer) {
          if (this.#broker.replicas.get(answer.key)?.take(answer, now) === false) isGood = false;
        }
        if (turn !== this.#turn) return;
        if (isGood) this.#ask();
        else again(BACK_OFF_MS);
      },
    });
    process.after(TIMEOUT_MS, `${this.#broker.name} stops waiting for a leader`, () => {
      if (turn === this.#turn && this.#isRunning) this.#ask();
    });
  }
}

function serveFollower(
  leader: Broker & Host,
  asked: { follower: number; fetches: readonly ReplicaFetch[]; parts: BrokerParts },
  answer: (all: ReplicaAnswer[]) => void,
): void {
  const { follower, fetches, parts } = asked;
  const { process } = leader;
  const read = (): ReplicaAnswer[] => {
    const { now } = parts.world.time;
    return fetches.map(
      (fetch) =>
        leader.replicas.get(fetch.key)?.serve(follower, fetch, now) ?? {
          key: fetch.key,
          epoch: fetch.epoch,
          error: 'UNKNOWN_TOPIC_OR_PARTITION',
        },
    );
  };
  const first = read();
  for (const { key } of fetches) leader.served(key);
  if (isWorthIt(first)) {
    answer(first);
    return;
  }
  const watched = fetches.flatMap(({ key }) => leader.replicas.get(key) ?? []);
  let isAnswered = false;
  const finish = (): void => {
    if (isAnswered) return;
    isAnswered = true;
    for (const replica of watched) replica.watchers.delete(look);
    answer(read());
  };
  const look = (): void => {
    const hasNews = watched.some((replica) => {
      const fetch = fetches.find(({ key }) => key === replica.key);
      return (
        fetch === undefined ||
        replica.role !== 'leader' ||
        replica.epoch !== fetch.epoch ||
        replica.log.length > fetch.end
      );
    });
    if (hasNews) finish();
  };
  for (const replica of watched) replica.watchers.add(look);
  process?.after(WAIT_MS, `${leader.name} ends a follower's long poll`, finish);
}

function isWorthIt(all: readonly ReplicaAnswer[]): boolean {
  return all.some((one) => !('entries' in one) || one.entries.length > 0);
}
