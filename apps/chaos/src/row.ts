import type { AuditEvent, AuditOptions, Verdict } from '@parley/audit';
import type { Cluster } from '@parley/infra';
import type { SeededRandom } from '@parley/testing';
import type { Crowd } from './crowd.ts';
import type { KafkaLinks } from './system/kafka-links.ts';
import type { Proxy } from './system/proxy.ts';

export interface Load {
  /** Client sessions, over all processes. */
  readonly clients: number;
  /** Messages a second. */
  readonly rate: number;
  /** Code points of a text: at least and at most. */
  readonly textLength: [number, number];
  /** Between two people's coming to or leaving a room, in milliseconds, for each client process. */
  readonly moveEveryMs: number;
  /** One, and two of every eighth user, unless given. */
  readonly sessionsPerUser?: number;
}

/** What a row may do: everything that the cluster is made of, a schedule that its seed determines, and a diary. */
export interface Field {
  readonly cluster: Cluster;
  /** Between clients and Nginx. */
  readonly front: Proxy;
  /** Between relays and brokers; only where the row asks for them. */
  readonly kafka: KafkaLinks;
  readonly people: Pick<Crowd, 'setClocks'>;
  readonly random: SeededRandom;
  /** How long the load lasts. */
  readonly seconds: number;
  /** Since the load began. */
  readonly elapsedMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Prints what is done, and writes it into the history as a fault that lasts as long as `work`. */
  readonly fault: (name: string, work: () => Promise<void>) => Promise<void>;
  /** Something that the row promises beyond the checks does not hold. */
  readonly problem: (says: string) => void;
  /** Runs when the row is over, however it ends. */
  readonly atEnd: (step: () => void | Promise<void>) => void;
  /** Another writer's events. */
  readonly write: (event: AuditEvent) => void;
}

/** In milliseconds; what is absent is not judged. */
export interface RowBounds {
  readonly recoverMs?: number;
  readonly ackP99Ms?: number;
  readonly ackLongestMs?: number;
  readonly silenceMs?: number;
  /** From the end of the last fault until everything that had waited is acknowledged. */
  readonly drainMs?: number;
}

export interface Row {
  /** As in the table of faults: `F1`. */
  readonly id: string;
  readonly fault: string;
  readonly load?: Partial<Load>;
  /** Longer than what was asked for, where the fault needs it. */
  readonly atLeastSeconds?: number;
  readonly usesKafkaLinks?: boolean;
  readonly relayEnv?: Readonly<Record<string, string>>;
  readonly bounds: RowBounds;
  /** Codes with which operations may be refused for good. */
  readonly refusals?: readonly string[];
  /** Beside what every row is judged by. */
  readonly audit?: Partial<AuditOptions>;
  /** Runs beside the load, and takes back what it did before it ends. */
  readonly inject: (field: Field) => Promise<void>;
  /** After calm, with the verdict of the checker. */
  readonly judge?: (verdict: Verdict, field: Field) => void;
}

export interface SkippedRow {
  readonly id: string;
  readonly fault: string;
  /** Why it cannot be injected here. */
  readonly reason: string;
}
