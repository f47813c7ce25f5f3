import type { ErrorCode } from '@parley/protocol';
import type { Environment } from '../environment.ts';
import type { Log } from '../log/log.ts';
import type { Metrics } from '../metrics.ts';
import type { NodePresence } from '../presence/presence.ts';
import type { PresenceBroadcast } from '../presence/presence-broadcast.ts';
import type { Applier } from '../view/applier.ts';
import type { ViewQueries } from '../view/queries.ts';
import type { FanOut } from './fan-out.ts';
import type { FlushScheduler } from './flush-scheduler.ts';
import type { Operations } from './operations.ts';
import type { BucketSettings } from './token-bucket.ts';
import type { UserLimits } from './user-limits.ts';

/** What every session of a node shares. */
export interface Services {
  readonly environment: Environment;
  readonly node: string;
  readonly epoch: string;
  readonly log: Log;
  readonly queries: ViewQueries;
  readonly applier: Applier;
  readonly operations: Operations;
  readonly fanOut: FanOut;
  readonly presence: NodePresence;
  readonly broadcast: PresenceBroadcast;
  readonly scheduler: FlushScheduler;
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

export type Refusal = { code: ErrorCode; retryAfterMs?: number; detail?: string };
