/**
 * What this node says to the others about presence, and when: own changes as deltas, heartbeats, snapshots, questions.
 * Driven by presence.ts, which asks it to speak on every tick and shortly after something came up.
 */
import type { UserId } from '@parley/protocol';
import type { Random } from '@parley/protocol/environment';
import type { Signal } from '../log/log.ts';
import { RECORD_VERSION } from '../log/record.ts';
import type { OwnChange } from './own-users.ts';
import {
  encodePresenceMessage,
  type PresenceDraft,
  type PresenceHeader,
  HEARSAY_PER_MESSAGE,
  USERS_PER_MESSAGE,
  withHeader,
} from './presence-message.ts';
import { hearsay } from './hearsay.ts';
import type { PresenceState } from './presence-state.ts';
import type { ShownState } from './presence-tally.ts';
import { ANSWER_GAP_MS, HEARTBEAT_MS, SNAPSHOT_MS, TICK_MS } from './presence-timing.ts';

export class PresenceVoice {
  readonly #state: PresenceState;
  readonly #publish: (signal: Signal) => void;
  readonly #random: Random;
  readonly #sessionCount: () => number | undefined;
  /** Own users whose state the others do not know yet; the last state wins. */
  readonly #untold = new Map<UserId, ShownState | undefined>();
  #questions: PresenceDraft[] = [];
  #owesAnswer = false;
  #counter = 0;
  #version = 0;
  #heartbeatAt = 0;
  #snapshotAt = 0;
  #answeredAt = -Infinity;

  constructor(
    state: PresenceState,
    deps: { publish: (signal: Signal) => void; random: Random; sessionCount?: () => number | undefined },
  ) {
    this.#state = state;
    this.#publish = deps.publish;
    this.#random = deps.random;
    this.#sessionCount = deps.sessionCount ?? (() => undefined);
  }

  /** The first words of an incarnation. */
  introduce(now: number): void {
    this.#counter = 0;
    this.#version = 0;
    this.#untold.clear();
    this.#questions = [];
    this.#heartbeatAt = now + HEARTBEAT_MS;
    this.#tellSnapshot(now);
    // Not all nodes at the same moment when all of them were started together.
    this.#snapshotAt = now + SNAPSHOT_MS * (0.5 + this.#random.float() / 2);
    this.#tell({ kind: 'request' });
  }

  note(changes: readonly OwnChange[]): void {
    for (const [user, shown] of changes) this.#untold.set(user, shown);
  }

  ask(nodes: readonly string[]): void {
    for (const to of nodes) this.#questions.push({ kind: 'request', to });
  }

  askAll(): void {
    this.#questions.push({ kind: 'request' });
  }

  /** Tells a node that one of its incarnations was given up. */
  giveUp(expired: { node: string; incarnation: number }): void {
    this.#questions.push({ kind: 'request', to: expired.node, expired: expired.incarnation });
  }

  answerSoon(): void {
    this.#owesAnswer = true;
  }

  /** Says whatever is due. */
  speak(now: number): void {
    this.#tellChanges();
    const questions = this.#questions;
    this.#questions = [];
    for (const question of questions) this.#tell(question);
    const answers = this.#owesAnswer && now - this.#answeredAt >= ANSWER_GAP_MS;
    if (answers || now >= this.#snapshotAt) {
      this.#owesAnswer = false;
      this.#answeredAt = now;
      this.#tellSnapshot(now);
      if (answers) this.#tellHearsay(now);
    }
    // Half a tick early rather than half a tick late.
    if (now + TICK_MS / 2 < this.#heartbeatAt) return;
    this.#heartbeatAt = now + HEARTBEAT_MS;
    const sessions = this.#sessionCount();
    this.#tell({ kind: 'heartbeat', records: RECORD_VERSION, ...(sessions !== undefined && { sessions }) });
  }

  /** Whom the bye names must be known to whoever hears it: a node that starts while this one leaves has heard nothing else of it. */
  sayBye(linger: Iterable<[UserId, number]>, now: number): void {
    this.#tellChanges();
    this.#tellSnapshot(now);
    const all = [...linger];
    for (let at = 0; at === 0 || at < all.length; at += USERS_PER_MESSAGE) {
      this.#tell({ kind: 'bye', linger: all.slice(at, at + USERS_PER_MESSAGE) });
    }
  }

  #tellChanges(): void {
    const all = [...this.#untold];
    this.#untold.clear();
    for (let at = 0; at < all.length; at += USERS_PER_MESSAGE) {
      const { online, away, gone } = sort(all.slice(at, at + USERS_PER_MESSAGE));
      this.#version += 1;
      this.#tell({ kind: 'delta', online, away, gone });
    }
  }

  /** Own changes must have been told: a snapshot is the state at a version. */
  #tellSnapshot(now: number): void {
    this.#snapshotAt = now + SNAPSHOT_MS;
    const all = [...this.#state.own];
    const parts = Math.max(1, Math.ceil(all.length / USERS_PER_MESSAGE));
    for (let part = 0; part < parts; part += 1) {
      const { online, away } = sort(all.slice(part * USERS_PER_MESSAGE, (part + 1) * USERS_PER_MESSAGE));
      this.#tell({ kind: 'snapshot', part, parts, records: RECORD_VERSION, online, away });
    }
  }

  #tellHearsay(now: number): void {
    for (const { node, incarnation, users } of hearsay(this.#state, now)) {
      for (let at = 0; at < users.length; at += HEARSAY_PER_MESSAGE) {
        const linger = users.slice(at, at + HEARSAY_PER_MESSAGE);
        this.#tell({ kind: 'hearsay', of: node, ofIncarnation: incarnation, linger });
      }
    }
  }

  #tell(draft: PresenceDraft): void {
    this.#counter += 1;
    const header: PresenceHeader = {
      incarnation: this.#state.incarnation,
      counter: this.#counter,
      version: this.#version,
    };
    const body = encodePresenceMessage(withHeader(draft, header));
    this.#publish({ kind: 'presence', key: this.#state.node, body });
  }
}

function sort(users: readonly OwnChange[]): { online: UserId[]; away: UserId[]; gone: UserId[] } {
  const sorted = { online: [] as UserId[], away: [] as UserId[], gone: [] as UserId[] };
  for (const [user, shown] of users) sorted[shown ?? 'gone'].push(user);
  return sorted;
}
