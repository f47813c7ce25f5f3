import type { ErrorCode } from '@parley/protocol';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import { LogEnd } from '../log/log-end.ts';
import type { Metrics } from '../metrics.ts';
import type { NodePresence } from '../presence/presence.ts';
import type { PresenceBroadcast } from '../presence/presence-broadcast.ts';
import type { Applier } from '../view/applier.ts';
import type { ViewQueries } from '../view/queries.ts';
import type { FanOut } from './fan-out.ts';
import { FlushScheduler } from './flush-scheduler.ts';
import { Newcomers } from './newcomers.ts';
import type { Operations } from './operations.ts';
import { ReplayPages } from './replay-pages.ts';
import type { BucketSettings } from './token-bucket.ts';
import { Turns } from './turns.ts';
import { UserLimits } from './user-limits.ts';

/** Questions that walk through the list of everybody or of all rooms, of one user on this node. */
const SEARCHES: BucketSettings = { perSecond: 10, burst: 50 };
/** Typing of one user on this node; an honest client says it every three seconds and conversation. */
const TYPING: BucketSettings = { perSecond: 2, burst: 10 };

/** What every session of a node shares. */
export interface Services {
  readonly environment: Environment;
  readonly node: string;
  readonly epoch: string;
  readonly log: Log;
  readonly logEnd: LogEnd;
  readonly newcomers: Newcomers;
  readonly queries: ViewQueries;
  readonly applier: Applier;
  readonly operations: Operations;
  readonly fanOut: FanOut;
  readonly presence: NodePresence;
  readonly broadcast: PresenceBroadcast;
  readonly replayPages: ReplayPages;
  readonly scheduler: FlushScheduler;
  readonly turns: Turns;
  readonly metrics: Metrics;
  readonly limits: SessionLimits;
  /** Operations. */
  readonly userLimits: UserLimits;
  readonly searchLimits: UserLimits;
  readonly typingLimits: UserLimits;
}

export interface SessionLimits {
  /** Frames of one socket. */
  frames: BucketSettings;
  /** Messages and room operations of one user on this node. */
  operations: BucketSettings;
}

type Made =
  | 'logEnd'
  | 'newcomers'
  | 'replayPages'
  | 'scheduler'
  | 'turns'
  | 'userLimits'
  | 'searchLimits'
  | 'typingLimits';

export function createServices(parts: Omit<Services, Made>): Services {
  const { environment, limits, metrics } = parts;
  return {
    ...parts,
    logEnd: new LogEnd(parts.log),
    newcomers: new Newcomers(environment.clock),
    replayPages: new ReplayPages(),
    scheduler: new FlushScheduler(environment, (count) => {
      metrics.writes += count;
    }),
    turns: new Turns(environment),
    userLimits: new UserLimits(limits.operations, environment.clock),
    searchLimits: new UserLimits(SEARCHES, environment.clock),
    typingLimits: new UserLimits(TYPING, environment.clock),
  };
}

export type Refusal = { code: ErrorCode; retryAfterMs?: number; detail?: string };
