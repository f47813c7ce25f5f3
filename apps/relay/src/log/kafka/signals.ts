import type { Clock } from '@parley/protocol/environment';
import { errorText } from '../error-text.ts';
import type { Logger } from '../../logger.ts';
import type { Signal } from '../log.ts';
import type { FetchedRecord, KafkaCluster, KafkaRecord } from './cluster.ts';
import { lookUpPartitions } from './partitions.ts';

// Beyond it Kafka does not keep up, and what waits is stale.
const WAITING_MAX = 1000;
/** A broker takes 1 MiB in a batch by default. */
const BATCH_MOST_BYTES = 512 * 1024;
const SEND_TIMEOUT_MS = 2000;
/** Whether the leader that is known answers for the topic is asked again after a failure, at most this often. */
const LOOK_UP_EVERY_MS = 300;

export interface SignalSender {
  publish(signal: Signal): void;
  /** Resolves when nothing waits and nothing is on its way. */
  drained(): Promise<void>;
  /** Sends nothing more. */
  close(): void;
}

export interface SignalSenderOptions {
  cluster: KafkaCluster;
  topic: string;
  clock: Clock;
  logger: Logger;
}

/** Sends signals with acks=1 and never twice: collected while a request is under way, dropped when too many wait. */
export function createSignalSender(options: SignalSenderOptions): SignalSender {
  return new LeaderSender(options);
}

class LeaderSender implements SignalSender {
  readonly #options: SignalSenderOptions;
  #waiting: KafkaRecord[] = [];
  #busy = false;
  #flushing = Promise.resolve();
  #closed = false;
  #dropped = 0;
  #leader = -1;

  constructor(options: SignalSenderOptions) {
    this.#options = options;
  }

  publish({ kind, key, body }: Signal): void {
    if (this.#closed) return;
    if (this.#waiting.length >= WAITING_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push({ key, value: body, headers: [['kind', kind]] });
    if (!this.#busy) this.#flushing = this.#flush();
  }

  drained(): Promise<void> {
    return this.#flushing;
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  #take(): KafkaRecord[] {
    let bytes = 0;
    let count = 0;
    for (const { value } of this.#waiting) {
      bytes += value.length;
      if (count > 0 && bytes > BATCH_MOST_BYTES) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  async #flush(): Promise<void> {
    const { cluster, topic, logger } = this.#options;
    this.#busy = true;
    while (this.#waiting.length > 0 && !this.#closed) {
      const records = this.#take();
      try {
        if (this.#leader < 0) this.#leader = (await lookUpPartitions(cluster, [topic]))[0]?.leader ?? -1;
        const batches = [{ topic, partition: 0, records }];
        const [answer] = await cluster.produce(this.#leader, { acks: 1, timeoutMs: SEND_TIMEOUT_MS, batches });
        if (answer?.error !== undefined) throw new Error(answer.error);
      } catch (error) {
        this.#leader = -1;
        this.#dropped += records.length;
        logger.debug({ dropped: this.#dropped, reason: errorText(error) }, 'signals dropped');
        await new Promise<void>((resolve) => this.#options.clock.setTimer(resolve, LOOK_UP_EVERY_MS));
      }
    }
    this.#busy = false;
  }
}

/** Undefined for what is no signal that this build knows. */
export function readSignal({ key, value, headers }: FetchedRecord): Signal | undefined {
  const kind = headerOf(headers, 'kind');
  if (kind !== 'presence' && kind !== 'typing') return undefined;
  return { kind, key, body: value };
}

/** Empty where there is none. */
export function headerOf(headers: KafkaRecord['headers'], name: string): string {
  for (const [own, value] of headers) if (own === name) return value;
  return '';
}
