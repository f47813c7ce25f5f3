/**
 * Writes who came and went to the log's presence topic, for other services (docs/presence-topic.md). All nodes know the same, so one
 * of them writes: the living node whose name comes first. When that changes, the new one repeats what it knows.
 */
import type { Presence, PresenceState, UserId } from '@parley/protocol';
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import { LEASE_MS } from './presence-timing.ts';

const STEP_MS = 250;
/** Records of one step: a node that repeats everybody takes its time. */
const STEP_MOST = 500;
/** Whoever left so shortly before a change of the writing node may not have been written. */
const RECENT_MS = 4 * LEASE_MS;

/** The value of a record; its key is the user. */
export interface Announcement {
  version: 1;
  user: UserId;
  state: PresenceState;
  /** When the writing node learnt of it: wall clock, milliseconds since 1970. */
  at: number;
  /** The node that wrote it. */
  by: string;
}

export interface AnnouncerOptions {
  node: string;
  clock: Clock;
  /** Whether this node is the one that writes. */
  isFirst(): boolean;
  /** Everybody who is online or away. */
  everybody(): Iterable<Presence>;
  /** Writes the newest value of a user. */
  announce(user: UserId, value: Uint8Array): Promise<void>;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  /** To be written, the newest of each user. */
  readonly #waiting = new Map<UserId, Announcement>();
  /** Who left lately, oldest first. */
  readonly #left = new Map<UserId, { announcement: Announcement; atMs: number }>();
  #wasFirst = false;
  #cancelTimer: CancelTimer | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancelTimer = this.#options.clock.setTimer(() => {
      this.#step();
      this.start();
    }, STEP_MS);
  }

  stop(): void {
    this.#cancelTimer?.();
  }

  /** Told of every change, whoever writes. */
  handleChanges(changes: readonly { presence: Presence }[]): void {
    for (const { presence } of changes) {
      const announcement = this.#announcementOf(presence);
      this.#left.delete(presence.user);
      if (presence.state === 'offline') {
        this.#left.set(presence.user, { announcement, atMs: this.#options.clock.monotonicMs() });
      }
      if (this.#wasFirst) this.#waiting.set(presence.user, announcement);
    }
  }

  #step(): void {
    this.#forget();
    const isFirst = this.#options.isFirst();
    if (isFirst && !this.#wasFirst) this.#repeatAll();
    if (!isFirst) this.#waiting.clear();
    this.#wasFirst = isFirst;
    let left = STEP_MOST;
    for (const [user, announcement] of this.#waiting) {
      if (left === 0) return;
      left -= 1;
      this.#waiting.delete(user);
      this.#options.announce(user, Buffer.from(JSON.stringify(announcement))).catch(() => {
        // Again with the next step, unless something newer waits.
        if (this.#wasFirst && !this.#waiting.has(user)) this.#waiting.set(user, announcement);
      });
    }
  }

  #repeatAll(): void {
    for (const [user, { announcement }] of this.#left) this.#waiting.set(user, announcement);
    for (const presence of this.#options.everybody()) this.#waiting.set(presence.user, this.#announcementOf(presence));
  }

  #forget(): void {
    const before = this.#options.clock.monotonicMs() - RECENT_MS;
    for (const [user, { atMs }] of this.#left) {
      if (atMs >= before) return;
      this.#left.delete(user);
    }
  }

  #announcementOf({ user, state }: Presence): Announcement {
    return { version: 1, user, state, at: Math.floor(this.#options.clock.wallMs()), by: this.#options.node };
  }
}
