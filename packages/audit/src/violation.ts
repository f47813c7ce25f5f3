import type { AuditEvent } from './events.ts';
import type { CheckName } from './check-names.ts';

/** What a check found, and where. */
export interface Finding {
  /** One sentence for people. */
  readonly says: string;
  readonly conversation?: string;
  readonly seq?: number;
  readonly id?: string;
  readonly client?: string;
  readonly user?: string;
  readonly node?: string;
  /** When it showed, where that is one moment. */
  readonly at?: number;
}

export interface Violation extends Finding {
  readonly check: CheckName;
  /** Everything that happened to that message over all processes, in order of time; empty for what is beyond the limit of stories. */
  readonly story: readonly AuditEvent[];
}
