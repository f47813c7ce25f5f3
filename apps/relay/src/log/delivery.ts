import type { Clock } from '@parley/protocol/environment';
import type { Logger } from '../logger.ts';
import { STOP_TIMEOUT_MS } from './limits.ts';
import type { LogHandlers, RecordBatch } from './log.ts';

/** Where batches come from; undefined when there is none now. */
export interface BatchSource {
  next(): RecordBatch | undefined;
}

/** Hands batches to `onBatch`, one at a time, each source in its turn. */
export interface Delivery {
  /** There may be something to hand out. */
  wake(): void;
  /** Hands out no more, and waits for the handler that is at work, at most STOP_TIMEOUT_MS. */
  stop(): Promise<void>;
}

export function createDelivery(
  sources: readonly BatchSource[],
  options: {
    handlers: Pick<LogHandlers, 'onBatch'>;
    clock: Clock;
    defer: (callback: () => void) => void;
    /** How long the batch after this one waits, in milliseconds; without it, it never does. */
    pauseAfter?: (records: number) => number;
    /** The handler threw, against its contract: nothing more is handed out. */
    onFault: (reason: string) => void;
    logger: Logger;
  },
): Delivery {
  let active = false;
  let running: Promise<void> | undefined;
  let stopped = false;
  let turn = 0;

  const nextBatch = (): RecordBatch | undefined => {
    if (stopped) return undefined;
    for (let tried = 0; tried < sources.length; tried += 1) {
      turn = (turn + 1) % sources.length;
      const batch = sources[turn]?.next();
      if (batch !== undefined) return batch;
    }
    return undefined;
  };

  const run = async (): Promise<void> => {
    try {
      for (let batch = nextBatch(); batch !== undefined; batch = nextBatch()) {
        const applied = options.handlers.onBatch(batch);
        const pauseMs = options.pauseAfter?.(batch.records.length) ?? 0;
        if (applied !== undefined) await applied;
        if (pauseMs > 0) await new Promise<void>((resolve) => options.clock.setTimer(resolve, pauseMs));
        // A long replay lets sockets and timers have their turn.
        else if (batch.records.length > 1) await new Promise<void>(options.defer);
      }
    } catch (error) {
      stopped = true;
      options.logger.error({ err: error }, 'a batch could not be applied: reading stops');
      options.onFault('a batch could not be applied');
    } finally {
      active = false;
    }
  };

  return {
    wake() {
      if (active || stopped) return;
      active = true;
      running = run();
    },
    async stop() {
      stopped = true;
      await Promise.race([running, new Promise<void>((resolve) => options.clock.setTimer(resolve, STOP_TIMEOUT_MS))]);
    },
  };
}
