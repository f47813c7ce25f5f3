import type { AuditEventOf } from '../events.ts';
import { faultsOf } from '../faults.ts';
import type { History } from '../history.ts';
import type { Interval } from '../intervals.ts';
import type { LagBounds } from '../options.ts';
import type { Finding } from '../violation.ts';

/** Proves that what is acknowledged reaches those who are connected within the bound of that part of the run. */
export function checkBoundedLag(history: History, bounds: LagBounds): Finding[] {
  const findings: Finding[] = [];
  const phases = new Phases(history, bounds);
  for (const event of history.received) {
    if (event.via !== 'live') continue;
    const okAt = history.operation(event.conversation, event.author, event.id)?.okAt ?? Infinity;
    const lagMs = event.at - okAt;
    if (!(lagMs > 0) || wasAway(history, event, okAt)) continue;
    const bound = phases.boundAt(okAt, event.at);
    if (lagMs <= bound) continue;
    const { client, conversation, seq, id, at } = event;
    const says = `${client} got it ${Math.round(lagMs)} ms after the ack; the bound is ${bound} ms`;
    findings.push({ says, conversation, seq, id, client, at });
  }
  return findings;
}

/** The client connected after the ack: how long that takes is another matter. */
function wasAway({ clients }: History, { client, socket }: AuditEventOf<'received'>, okAt: number): boolean {
  const upAt = clients.get(client)?.sockets.get(socket)?.caughtUpAt;
  return upAt === undefined || upAt > okAt;
}

class Phases {
  readonly #bounds: LagBounds;
  readonly #phases: History['phases'];
  readonly #faults: readonly Interval[];

  constructor(history: History, bounds: LagBounds) {
    this.#bounds = bounds;
    this.#phases = history.phases;
    this.#faults = faultsOf(history);
  }

  /** In milliseconds; Infinity where nothing is promised. */
  boundAt(from: number, to: number): number {
    const isFaulty = this.#faults.some((fault) => fault.from <= to && from <= fault.to);
    if (isFaulty && this.#bounds.fault !== undefined) return this.#bounds.fault;
    const phase = this.#phases.findLast(({ at }) => at <= from)?.phase ?? 'load';
    return (phase === 'end' ? undefined : this.#bounds[phase]) ?? Number.POSITIVE_INFINITY;
  }
}
