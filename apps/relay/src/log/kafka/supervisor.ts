import type { CancelTimer } from '@parley/protocol/environment';
import { innermostText } from './kafka-error.ts';
import { type ConsumerOptions, runConsumer, type RunningConsumer } from './consumer.ts';

const WATCH_EVERY_MS = 500;
// Polls are answered every 250 ms, also when nothing comes.
const SILENT_AFTER_MS = 3000;
const REPLACE_AFTER_MS = 7000;
const RETRY_FIRST_MS = 200;
const RETRY_MOST_MS = 3000;

type SupervisorOptions = Omit<ConsumerOptions, 'groupId' | 'onJoined' | 'onFetched' | 'onHeartbeat' | 'onEnded'> & {
  /** `parley.<node>.<incarnation>`; the second consumer and later ones add a number. */
  groupPrefix: string;
  /** Why records do not arrive, or undefined when they do; told again and again. */
  onReadable: (fault: string | undefined) => void;
};

/**
 * Keeps one consumer reading. One that crashed, never joined, lost its coordinator or hears nothing is replaced: the new
 * one joins beside it under another group, and the inbox sorts out what both bring.
 */
export interface Supervisor {
  start(): void;
  /** The positions of the inbox changed. */
  seek(): void;
  stop(): Promise<void>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new ConsumerSupervisor(options);
}

interface Life {
  number: number;
  consumer: RunningConsumer | undefined;
  joined: boolean;
  fetchedMs: number;
  heartbeatMs: number;
  ended: string | undefined;
}

class ConsumerSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  #lives = 0;
  /** The one that reads, and the one that is to take its place. */
  #current: Life | undefined;
  #next: Life | undefined;
  #stopped = false;
  #cancelWatch: CancelTimer | undefined;
  #retryMs = RETRY_FIRST_MS;
  #startAfterMs = 0;
  readonly #stopping = new Set<Promise<void>>();

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#begin();
    this.#watch();
  }

  seek(): void {
    this.#current?.consumer?.seek();
    this.#next?.consumer?.seek();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWatch?.();
    this.#end(this.#current);
    this.#end(this.#next);
    await Promise.all(this.#stopping);
  }

  async #begin(): Promise<void> {
    const { clock, logger } = this.#options;
    const now = clock.monotonicMs();
    this.#lives += 1;
    const life: Life = {
      number: this.#lives,
      consumer: undefined,
      joined: false,
      fetchedMs: now,
      heartbeatMs: now,
      ended: undefined,
    };
    this.#next = life;
    try {
      life.consumer = await runConsumer(this.#consumerOptions(life));
      if (this.#stopped || life.ended !== undefined) this.#end(life);
    } catch (error) {
      life.ended = innermostText(error);
      logger.info({ reason: life.ended, consumer: life.number }, 'a consumer could not begin');
    }
  }

  #consumerOptions(life: Life): ConsumerOptions {
    const { groupPrefix, clock, logger } = this.#options;
    return {
      ...this.#options,
      groupId: life.number === 1 ? groupPrefix : `${groupPrefix}.${life.number}`,
      onSignal: (signal) => {
        if (!this.#stopped) this.#options.onSignal(signal);
      },
      onJoined: () => this.#joined(life),
      onFetched: () => {
        life.fetchedMs = clock.monotonicMs();
      },
      onHeartbeat: () => {
        life.heartbeatMs = clock.monotonicMs();
      },
      onEnded: (reason) => {
        life.ended = reason;
        logger.warn({ reason, consumer: life.number }, 'a consumer ended');
        if (!this.#stopped) this.#replaceIfNeeded();
      },
    };
  }

  #joined(life: Life): void {
    const now = this.#options.clock.monotonicMs();
    life.joined = true;
    life.heartbeatMs = now;
    life.fetchedMs = now;
    this.#retryMs = RETRY_FIRST_MS;
    if (life !== this.#next) return;
    this.#end(this.#current);
    this.#current = life;
    this.#next = undefined;
  }

  #watch(): void {
    const { clock, onReadable } = this.#options;
    this.#cancelWatch = clock.setTimer(() => {
      if (this.#stopped) return;
      onReadable(this.#fault());
      this.#replaceIfNeeded();
      this.#watch();
    }, WATCH_EVERY_MS);
  }

  #fault(): string | undefined {
    const life = this.#current;
    if (life === undefined) return this.#next?.ended ?? 'the consumer has not joined yet';
    if (life.ended !== undefined) return `the consumer ended: ${life.ended}`;
    const silentMs = this.#silentMs(life);
    return silentMs > SILENT_AFTER_MS ? `no broker answered for ${Math.round(silentMs / 1000)} s` : undefined;
  }

  // While the handler holds back nothing is fetched, which is no fault of Kafka.
  #silentMs(life: Life): number {
    return this.#options.inbox.full ? 0 : this.#options.clock.monotonicMs() - life.fetchedMs;
  }

  #replaceIfNeeded(): void {
    const now = this.#options.clock.monotonicMs();
    if (this.#next !== undefined) {
      const late = !this.#next.joined && now - this.#next.heartbeatMs > REPLACE_AFTER_MS;
      if (this.#next.ended === undefined && !late) return;
      this.#end(this.#next);
      this.#next = undefined;
      this.#startAfterMs = now + this.#retryMs;
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MOST_MS);
    }
    if (now >= this.#startAfterMs && this.#needsReplacement(now)) void this.#begin();
  }

  #needsReplacement(now: number): boolean {
    const life = this.#current;
    if (life === undefined || life.ended !== undefined) return true;
    return this.#silentMs(life) > REPLACE_AFTER_MS || now - life.heartbeatMs > REPLACE_AFTER_MS;
  }

  #end(life: Life | undefined): void {
    if (life?.consumer === undefined) {
      // Still being built: #begin ends it when it is there.
      if (life !== undefined) life.ended ??= 'replaced';
      return;
    }
    const { consumer } = life;
    life.consumer = undefined;
    const stopping: Promise<void> = consumer.stop().finally(() => this.#stopping.delete(stopping));
    this.#stopping.add(stopping);
  }
}
