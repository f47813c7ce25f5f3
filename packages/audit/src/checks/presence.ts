import type { AuditEvent } from '../events.ts';
import { faultsOf } from '../faults.ts';
import type { ClientLife, History } from '../history.ts';
import { afterFirst, complement, intersect, type Interval, union } from '../intervals.ts';
import type { PresenceBounds } from '../options.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that nobody is shown falsely. The truth is who had an open session when. A connected watcher that does not call its own
 * knowledge old shows a user as here from `onlineMs` after the first session on, without a blink over any absence shorter than
 * `graceMs`, and never later than `offlineMs` after the last one ended. What is at a hidden node, or is a hidden client, has no session, as
 * far as anybody could know.
 */
export function checkPresence(history: History, bounds: PresenceBounds): Finding[] {
  const findings: Finding[] = [];
  const watchers = readWatchers(history);
  const hidden = readHidden(history);
  const truths = readTruths(history, bounds, hidden);
  const told = toldTimes(history, bounds);
  for (const [client, watcher] of watchers) {
    const life = history.clients.get(client);
    if (life === undefined) continue;
    const judged = intersect(
      watcher.eligible(knownSessionsOf(life, history.endAt, hidden), bounds.settleMs, history.endAt),
      watcher.watchingSince(bounds.settleMs),
    );
    for (const user of watcher.users(history)) {
      const truth = truths.get(user);
      const shown = watcher.shownOf(user, history.endAt);
      const tell = (wrong: Interval[], says: string): void => {
        const [first] = wrong;
        if (first !== undefined) findings.push({ says: `${client} ${says}`, client, user, at: first.from });
      };
      tell(
        intersect(intersect(judged, told), intersect(complement(shown), truth?.here ?? [])),
        `shows ${user} as offline who has a session`,
      );
      tell(intersect(judged, intersect(shown, truth?.away ?? ALWAYS)), `shows ${user} as here who has no session`);
    }
  }
  return findings;
}

const ALWAYS: readonly Interval[] = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];

/** When nobody may be shown as gone who is here. */
function toldTimes(history: History, { afterFaultMs }: PresenceBounds): Interval[] {
  if (afterFaultMs === undefined) return [...ALWAYS];
  return complement(union(faultsOf(history).map(({ from, to }) => ({ from, to: to + afterFaultMs }))));
}

interface Truth {
  /** When everybody must show the user as here. */
  here: Interval[];
  /** When nobody may. */
  away: Interval[];
}

function readTruths(
  { clients, endAt }: History,
  bounds: PresenceBounds,
  hidden: ReadonlyMap<string, Interval[]>,
): Map<string, Truth> {
  const sessions = new Map<string, Interval[]>();
  const known = new Map<string, Interval[]>();
  for (const life of clients.values()) {
    let own = sessions.get(life.user);
    if (own === undefined) sessions.set(life.user, (own = []));
    own.push(...sessionsOf(life, endAt));
    known.set(life.user, [...(known.get(life.user) ?? []), ...knownSessionsOf(life, endAt, hidden)]);
  }
  return new Map(
    [...sessions].map(([user, intervals]) => [
      user,
      {
        here: afterFirst(hereOf(intervals, known.get(user) ?? [], bounds.graceMs), bounds.onlineMs),
        away: afterFirst(complement(union(intervals)), bounds.offlineMs),
      },
    ]),
  );
}

/** From `welcome` to the end of the socket, at either side, or of the client. */
function sessionsOf({ sockets, goneAt }: ClientLife, endAt: number): Interval[] {
  const open: Interval[] = [];
  for (const { welcome, closed, endedAt = Infinity } of sockets.values()) {
    if (welcome === undefined) continue;
    open.push({ from: welcome.at, to: Math.min(closed?.at ?? Infinity, endedAt, goneAt, endAt) });
  }
  return open;
}

/** While all that is open is at hidden nodes the user is nowhere, however short that is. */
function hereOf(open: readonly Interval[], known: readonly Interval[], graceMs: number): Interval[] {
  const nowhere = intersect(union(open), complement(union(known)));
  return intersect(union(known, graceMs), complement(nowhere));
}

/** Without what is hidden. */
function knownSessionsOf(
  { sockets, ...life }: ClientLife,
  endAt: number,
  hidden: ReadonlyMap<string, Interval[]>,
): Interval[] {
  return [...sockets].flatMap(([number, socket]) =>
    intersect(
      sessionsOf({ ...life, sockets: new Map([[number, socket]]) }, endAt),
      complement(union([...(hidden.get(socket.welcome?.node ?? '') ?? []), ...(hidden.get(life.client) ?? [])])),
    ),
  );
}

function readHidden({ events }: History): Map<string, Interval[]> {
  const hidden = new Map<string, Interval[]>();
  for (const event of events) {
    if (event.type !== 'hidden') continue;
    const name = event.node ?? event.client ?? '';
    hidden.set(name, union([...(hidden.get(name) ?? []), event]));
  }
  return hidden;
}

/** What one client watches and shows. */
class Watcher {
  readonly #watched: { at: number; lobby: boolean; users: readonly string[] }[] = [];
  readonly #shown = new Map<string, { at: number; isHere: boolean }[]>();
  readonly #stale: { at: number; stale: boolean }[] = [];

  take(event: Extract<AuditEvent, { type: 'watch' | 'presence' | 'stale' }>): void {
    if (event.type === 'watch') this.#watched.push(event);
    else if (event.type === 'stale') this.#stale.push(event);
    else {
      let own = this.#shown.get(event.user);
      if (own === undefined) this.#shown.set(event.user, (own = []));
      own.push({ at: event.at, isHere: event.state !== 'offline' });
    }
  }

  /** The last `watch` counts: a runner asks once. */
  users({ users }: History): Iterable<string> {
    const last = this.#watched.at(-1);
    if (last === undefined) return [];
    return last.lobby ? new Set([...users, ...last.users]) : last.users;
  }

  /** The answer to a `watch` takes as long as one to a `hello`. */
  watchingSince(settleMs: number): Interval[] {
    const last = this.#watched.at(-1);
    return last === undefined ? [] : [{ from: last.at + settleMs, to: Number.POSITIVE_INFINITY }];
  }

  eligible(sessions: readonly Interval[], settleMs: number, endAt: number): Interval[] {
    const connected = afterFirst(union(sessions), settleMs);
    const stale = turns(
      this.#stale.map(({ at, stale: on }) => ({ at, on })),
      endAt,
    );
    return intersect(connected, complement(stale));
  }

  shownOf(user: string, endAt: number): Interval[] {
    return turns(
      (this.#shown.get(user) ?? []).map(({ at, isHere }) => ({ at, on: isHere })),
      endAt,
    );
  }
}

/** When something that is turned on and off was on. */
function turns(changes: readonly { at: number; on: boolean }[], endAt: number): Interval[] {
  const on: Interval[] = [];
  let since: number | undefined;
  for (const change of changes) {
    if (change.on) since ??= change.at;
    else if (since !== undefined) {
      if (since < change.at) on.push({ from: since, to: change.at });
      since = undefined;
    }
  }
  if (since !== undefined) on.push({ from: since, to: endAt });
  return union(on);
}

function readWatchers({ events }: History): Map<string, Watcher> {
  const watchers = new Map<string, Watcher>();
  for (const event of events) {
    if (event.type !== 'watch' && event.type !== 'presence' && event.type !== 'stale') continue;
    let watcher = watchers.get(event.client);
    if (watcher === undefined) watchers.set(event.client, (watcher = new Watcher()));
    watcher.take(event);
  }
  return watchers;
}
