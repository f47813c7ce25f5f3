import type { Clock } from '@parley/protocol/environment';
import type { Logger } from '../../logger.ts';

// Over everything that kafkajs itself bounds: connecting (5 s), a request (7 s) and its own brief retries.
const HANGS_AFTER_MS = 15_000;

interface Part {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
}

/** A producer or an admin that is replaced when it does not answer any more: kafkajs has no time limit over a whole call. */
export interface Renewable<Kind extends Part> {
  /** @throws When it cannot connect. */
  connect(): Promise<void>;
  /** @throws What the work threw, or HungError. */
  use<Result>(work: (part: Kind) => Promise<Result>): Promise<Result>;
  disconnect(): Promise<void>;
}

/** There was no answer in time; what was asked for may have happened. */
class HungError extends Error {
  override readonly name = 'HungError';
}

export function createRenewable<Kind extends Part>(
  make: () => Kind,
  { clock, logger }: { clock: Clock; logger: Logger },
): Renewable<Kind> {
  let part = make();
  let connected: Promise<void> | undefined;
  let closed = false;

  const renew = (hung: Kind): void => {
    // Another call may have replaced it already.
    if (part !== hung || closed) return;
    logger.warn({}, 'Kafka did not answer: connecting anew');
    part = make();
    connected = undefined;
    hung.disconnect().catch(() => {});
  };

  const connect = (): Promise<void> => {
    connected ??= part.connect().catch((error: unknown) => {
      connected = undefined;
      throw error;
    });
    return connected;
  };

  return {
    connect,
    async use(work) {
      const mine = part;
      const limit = Promise.withResolvers<never>();
      const cancel = clock.setTimer(() => {
        limit.reject(new HungError(`no answer within ${HANGS_AFTER_MS / 1000} s`));
        renew(mine);
      }, HANGS_AFTER_MS);
      try {
        return await Promise.race([connect().then(() => work(mine)), limit.promise]);
      } finally {
        cancel();
      }
    },
    async disconnect() {
      closed = true;
      await part.disconnect();
    },
  };
}
