import type { Clock, Random } from '@parley/protocol/environment';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import type { Logger } from './logger.ts';

/** What a relay takes from outside, so that a whole cluster can run in one process under a clock of its own. */
export interface Environment {
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Calls back once the events at hand are handled, before any timer: collects what came in together. */
  soon(callback: () => void): void;
}

export function systemEnvironment(logger: Logger): Environment {
  return { clock: systemClock, random: systemRandom, logger, soon: (callback) => void setImmediate(callback) };
}
