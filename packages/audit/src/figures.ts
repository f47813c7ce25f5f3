/** What a run measured, beside right and wrong. Times in milliseconds, undefined where there was nothing to measure. */
import type { History } from './history.ts';
import type { Interval } from './intervals.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Figures {
  /** Acknowledged messages a second, over the load. */
  readonly rate: number;
  /** From asking to the first answer that it is there. */
  readonly ackMs: Percentiles | undefined;
  /** From the ack to each connected reader. */
  readonly seenMs: Percentiles | undefined;
  /** Longest time during the load without any ack. */
  readonly longestSilenceMs: number | undefined;
  /** Longest time, from the load on, with fewer than `upShare` of the living clients caught up. */
  readonly recoveryMs: number | undefined;
  /** From the end of the last fault until everything that was asked for before it ended is acknowledged. */
  readonly drainMs: number | undefined;
  /** Operations asked for from the load on that were refused for good, by the code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Sockets that ended, by close code. */
  readonly closes: Readonly<Record<string, number>>;
}

export function measure(history: History, upShare: number): Figures {
  const load = loadOf(history);
  const oks = history.operations.map(({ okAt }) => okAt).filter((at) => at >= load.from && at < load.to);
  return {
    rate: load.to > load.from ? (oks.length * 1_000) / (load.to - load.from) : 0,
    ackMs: percentiles(history.operations.map(({ okAt, invokes }) => okAt - (invokes[0]?.at ?? Infinity))),
    seenMs: percentiles(lags(history)),
    longestSilenceMs: oks.length === 0 ? undefined : longestGap([load.from, ...oks, load.to]),
    recoveryMs: longestDown(history, load.from, upShare),
    drainMs: longestDrain(history),
    refusals: countRefusals(history, load.from),
    closes: countCloses(history),
  };
}

function loadOf({ phases, operations, endAt }: History): Interval {
  const first = operations.reduce((least, { invokes }) => Math.min(least, invokes[0]?.at ?? Infinity), Infinity);
  const from = phases.find(({ phase }) => phase === 'load')?.at ?? (first === Infinity ? 0 : first);
  return { from, to: phases.find(({ phase, at }) => phase !== 'load' && at >= from)?.at ?? endAt };
}

function lags(history: History): number[] {
  return history.received
    .filter(({ via }) => via === 'live')
    .map(({ conversation, author, id, at }) => at - (history.operation(conversation, author, id)?.okAt ?? Infinity))
    .filter((lag) => lag > Number.NEGATIVE_INFINITY)
    .map((lag) => Math.max(0, lag));
}

function percentiles(values: readonly number[]): Percentiles | undefined {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).toSorted();
  const at = (share: number): number | undefined =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const [p50, p99, longest] = [at(0.5), at(0.99), sorted.at(-1)];
  return p50 === undefined || p99 === undefined || longest === undefined ? undefined : { p50, p99, longest };
}

function longestGap(times: readonly number[]): number {
  const sorted = Float64Array.from(times).toSorted();
  let longest = 0;
  for (let at = 1; at < sorted.length; at += 1) longest = Math.max(longest, sorted[at]! - sorted[at - 1]!);
  return longest;
}

/** Sweeps over all beginnings and ends of lives and of caught-up sockets. */
function longestDown({ clients, endAt }: History, fromAt: number, upShare: number): number | undefined {
  const changes: { at: number; alive: number; up: number }[] = [];
  for (const { startAt, goneAt, sockets } of clients.values()) {
    changes.push({ at: startAt, alive: 1, up: 0 }, { at: Math.min(goneAt, endAt), alive: -1, up: 0 });
    for (const { caughtUpAt, closed } of sockets.values()) {
      if (caughtUpAt === undefined) continue;
      changes.push(
        { at: caughtUpAt, alive: 0, up: 1 },
        { at: Math.min(closed?.at ?? Infinity, goneAt, endAt), alive: 0, up: -1 },
      );
    }
  }
  if (changes.length === 0) return undefined;
  changes.sort((one, other) => one.at - other.at);
  let [alive, up, longest] = [0, 0, 0];
  let downSince: number | undefined;
  for (const change of changes) {
    alive += change.alive;
    up += change.up;
    const isUp = up >= Math.floor(alive * upShare);
    if (!isUp) downSince ??= Math.max(change.at, fromAt);
    else if (downSince !== undefined) {
      longest = Math.max(longest, change.at - downSince);
      downSince = undefined;
    }
  }
  return longest;
}

function longestDrain({ nemeses, operations }: History): number | undefined {
  const endedAt = nemeses.findLast(({ state }) => state === 'stop')?.at;
  if (endedAt === undefined) return undefined;
  let last = endedAt;
  for (const { invokes, okAt } of operations) {
    if ((invokes[0]?.at ?? Infinity) < endedAt && okAt < Infinity) last = Math.max(last, okAt);
  }
  return last - endedAt;
}

function countRefusals({ operations }: History, fromAt: number): Record<string, number> {
  const refusals: Record<string, number> = {};
  for (const { fails, invokes } of operations) {
    if ((invokes[0]?.at ?? 0) < fromAt) continue;
    const refusal = fails.find(({ retryable }) => !retryable);
    if (refusal !== undefined) refusals[refusal.code] = (refusals[refusal.code] ?? 0) + 1;
  }
  return refusals;
}

function countCloses({ clients }: History): Record<string, number> {
  const closes: Record<string, number> = {};
  for (const { sockets } of clients.values()) {
    for (const { closed, welcome } of sockets.values()) {
      if (closed === undefined || welcome === undefined) continue;
      closes[closed.code] = (closes[closed.code] ?? 0) + 1;
    }
  }
  return closes;
}
