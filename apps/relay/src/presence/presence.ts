/**
 * The presence of one node: counts its own sessions, tells the other nodes, hears them, and reports who came and went.
 * Signals of kind `presence` come in from the log and go out to it; changes go to presence-broadcast.ts.
 */
import { PRESENCE_GRACE_MS, type Presence, type PresenceState as State, type UserId } from '@parley/protocol';
import type { CancelTimer, Clock, Random } from '@parley/protocol/environment';
import type { Signal } from '../log/log.ts';
import { RECORD_VERSION } from '../log/record.ts';
import type { Logger } from '../logger.ts';
import { LastSeen } from './last-seen.ts';
import { closeOwn, createOwnUsers, endGraces, lingering, openOwn, type OwnChange, setOwnIdle } from './own-users.ts';
import { decodePresenceMessage } from './presence-message.ts';
import { PresenceVoice } from './presence-voice.ts';
import {
  advance,
  applyOwn,
  createPresenceState,
  type FenceReason,
  isFrozen,
  knowsTooLittle,
  type Outcome,
  type PresenceState,
  receive,
  renew,
  setReachable,
  takeQuestions,
} from './presence-state.ts';
import { stateOf, type Transition } from './presence-tally.ts';
import {
  ANSWERS_MS,
  FLUSH_MAX_MS,
  FLUSH_MIN_MS,
  MUTE_MS,
  PAUSED_MS,
  QUIET_MS,
  TICK_MS,
  WAKE_MS,
} from './presence-timing.ts';

/** A user's state in the whole cluster changed; `presence.state` differs from `from`. */
export interface PresenceChange {
  from: State;
  presence: Presence;
}

export interface PresenceOptions {
  /** This node's name: `[A-Za-z0-9._-]{1,64}`. */
  node: string;
  /** Identity of this boot: a safe integer, greater than that of any earlier boot of this node. */
  incarnation: number;
  clock: Clock;
  random: Random;
  logger: Logger;
  /** Sockets of this node, told to the others with each heartbeat; undefined while it takes no new ones. */
  sessionCount?: () => number | undefined;
  /** Tells all nodes, this one included; may lose it. */
  publish: (signal: Signal) => void;
  /** Called in the same turn in which this node learnt of it, never with an empty list. */
  onChanges: (changes: PresenceChange[]) => void;
  /** `stale` changed. */
  onStale?: (stale: boolean) => void;
  /**
   * Once an incarnation: this node tells the others nothing and expires nobody. After `paused`, which comes WAKE_MS after
   * the wake, and `expired` check the sockets, then call `renew`. `replaced` means that a younger process runs under this
   * node's name: leave.
   */
  onFenced: (reason: FenceReason) => void;
}

export interface NodePresence {
  /** Announces the node and asks the others for what they know. */
  start(): void;
  /** Takes every signal from the log, this node's own included: hearing oneself proves that the path works. */
  handleSignal(signal: Signal): void;
  /** @param session Unique among the sessions of this node. */
  openSession(user: UserId, session: string, idle: boolean): void;
  /** The user stays shown for PRESENCE_GRACE_MS. Unknown sessions are ignored. */
  closeSession(user: UserId, session: string): void;
  setIdle(user: UserId, session: string, idle: boolean): void;
  presenceOf(user: UserId): Presence;
  /** Everybody who is online or away. */
  onlineUsers(): Iterable<UserId>;
  readonly onlineCount: number;
  /** This node hears nobody, or does not yet: what it knows of the users of others may be old, and nobody expires. */
  readonly stale: boolean;
  /** Sockets of each other node that takes new ones; undefined while this node may not know them all. */
  sessionsElsewhere(): readonly number[] | undefined;
  /** The newest version of records that every living node knows; undefined while that is not sure. */
  recordVersion(): number | undefined;
  /** Whether this node's name is the first of the living ones, as far as it can know. */
  isFirst(): boolean;
  /** Everybody who is online or away. */
  everybody(): Iterable<Presence>;
  /** The others are heard and this node is not: what it says does not get through, and they will give it up. */
  readonly isMute: boolean;
  /** Tells what the log's status says about signals; unreachable freezes at once. */
  setReachable(reachable: boolean): void;
  /** Goes on after `onFenced` under a greater incarnation. Whoever left since a pause is gone now: others saw it so. */
  renew(incarnation: number): void;
  /**
   * Says bye: each of this node's users stays shown for what is left of the grace, so moving to another node shows
   * nothing. To be called when the sockets are closed and signals can still go out; nothing is told afterwards.
   */
  drain(): void;
  /** Ends the timers; says nothing. */
  stop(): void;
}

/** @returns Not started yet: sessions may open before `start`. */
export function createPresence(options: PresenceOptions): NodePresence {
  return new RunningPresence(options);
}

class RunningPresence implements NodePresence {
  readonly #options: PresenceOptions;
  readonly #clock: Clock;
  readonly #state: PresenceState;
  readonly #own = createOwnUsers();
  readonly #lastSeen = new LastSeen();
  readonly #voice: PresenceVoice;
  #tickTimer: CancelTimer | undefined;
  #flushTimer: CancelTimer | undefined;
  #lookedAt = 0;
  #stale = true;
  /** Until when answers to its own question may still come. */
  #listensUntil = 0;
  #ownHeardAt = 0;
  #othersHeardAt = -Infinity;
  #phase: 'new' | 'running' | 'ended' = 'new';

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#state = createPresenceState(options.node, options.incarnation, options.clock.monotonicMs());
    this.#voice = new PresenceVoice(this.#state, options);
  }

  start(): void {
    if (this.#phase !== 'new') return;
    this.#phase = 'running';
    this.#lookedAt = this.#clock.monotonicMs();
    this.#state.heardAt = this.#lookedAt;
    this.#ownHeardAt = this.#lookedAt;
    this.#voice.introduce(this.#lookedAt);
    this.#tick();
  }

  handleSignal(signal: Signal): void {
    if (signal.kind !== 'presence' || this.#phase !== 'running') return;
    const message = decodePresenceMessage(signal.key, signal.body);
    if (message === undefined) {
      this.#options.logger.debug({ bytes: signal.body.length }, 'presence signal not understood');
      return;
    }
    const now = this.#look();
    if (signal.key === this.#options.node) this.#ownHeardAt = now;
    else this.#othersHeardAt = now;
    this.#settle(receive(this.#state, signal.key, message, now));
  }

  openSession(user: UserId, session: string, idle: boolean): void {
    this.#look();
    this.#applyOwn(openOwn(this.#own, user, { id: session, idle }));
  }

  closeSession(user: UserId, session: string): void {
    const now = this.#look();
    // To the others this node was gone: who left meanwhile is not announced again, and ends with `renew`.
    const graceMs = this.#state.fenced === 'paused' ? 0 : PRESENCE_GRACE_MS;
    this.#applyOwn(closeOwn(this.#own, user, session, now + graceMs));
  }

  setIdle(user: UserId, session: string, idle: boolean): void {
    this.#look();
    this.#applyOwn(setOwnIdle(this.#own, user, { id: session, idle }));
  }

  presenceOf(user: UserId): Presence {
    return this.#lastSeen.describe(user, stateOf(this.#state.tally, user));
  }

  onlineUsers(): Iterable<UserId> {
    return this.#state.tally.owners.keys();
  }

  get onlineCount(): number {
    return this.#state.tally.owners.size;
  }

  get stale(): boolean {
    return this.#stale;
  }

  sessionsElsewhere(): readonly number[] | undefined {
    if (this.#stale || this.#phase !== 'running') return undefined;
    return [...this.#state.peers.values()].flatMap(({ leaving, sessions = [] }) =>
      leaving === undefined ? sessions : [],
    );
  }

  recordVersion(): number | undefined {
    if (this.#stale || this.#phase !== 'running') return undefined;
    let version = RECORD_VERSION;
    for (const { records, leaving } of this.#state.peers.values()) {
      if (leaving !== undefined) continue;
      if (records === undefined) return undefined;
      version = Math.min(version, records);
    }
    return version;
  }

  isFirst(): boolean {
    if (this.#stale || this.#phase !== 'running') return false;
    for (const [name, { leaving }] of this.#state.peers)
      if (leaving === undefined && name < this.#state.node) return false;
    return true;
  }

  *everybody(): Iterable<Presence> {
    for (const user of this.#state.tally.owners.keys()) yield this.presenceOf(user);
  }

  get isMute(): boolean {
    if (this.#phase !== 'running' || this.#state.fenced !== undefined) return false;
    const now = this.#clock.monotonicMs();
    return now - this.#ownHeardAt > MUTE_MS && now - this.#othersHeardAt < QUIET_MS;
  }

  setReachable(reachable: boolean): void {
    setReachable(this.#state, reachable);
    this.#settle({ transitions: [] });
  }

  renew(incarnation: number): void {
    if (this.#phase !== 'running') return;
    if (incarnation <= this.#state.incarnation) throw new RangeError('an incarnation must be greater than the last');
    const now = this.#clock.monotonicMs();
    this.#lookedAt = now;
    this.#applyOwn(endGraces(this.#own, now));
    renew(this.#state, incarnation, now);
    this.#voice.introduce(now);
    this.#settle({ transitions: [] });
  }

  drain(): void {
    if (this.#phase !== 'running') return;
    const now = this.#look();
    this.#end();
    if (this.#state.fenced === undefined) this.#voice.sayBye(lingering(this.#own, now), now);
  }

  stop(): void {
    this.#end();
  }

  #end(): void {
    this.#phase = 'ended';
    this.#tickTimer?.();
    this.#flushTimer?.();
  }

  readonly #tick = (): void => {
    this.#tickTimer = this.#clock.setTimer(this.#tick, TICK_MS);
    const now = this.#look();
    if (!isFrozen(this.#state)) this.#applyOwn(endGraces(this.#own, now));
    this.#settle(advance(this.#state, now));
    this.#speak(now);
  };

  /** The time, and whether this process stood still since it last looked. */
  #look(): number {
    const now = this.#clock.monotonicMs();
    const stoodStill = this.#phase === 'running' && now - this.#lookedAt > PAUSED_MS;
    this.#lookedAt = now;
    if (stoodStill) this.#fence('paused');
    return now;
  }

  #fence(reason: FenceReason): void {
    if (this.#state.fenced !== undefined) return;
    this.#state.fenced = reason;
    this.#options.logger.info({ reason, incarnation: this.#state.incarnation }, 'presence fenced');
    // Sockets that died meanwhile are noticed in the turns after a pause, and must find the fence.
    const delayMs = reason === 'paused' ? WAKE_MS : 0;
    this.#clock.setTimer(() => {
      if (this.#phase === 'running') this.#options.onFenced(reason);
    }, delayMs);
  }

  #applyOwn(changes: OwnChange[]): void {
    if (changes.length === 0) return;
    this.#voice.note(changes);
    this.#settle(applyOwn(this.#state, changes, this.#lookedAt));
    this.#speakSoon();
  }

  #settle(outcome: Outcome): void {
    if (outcome.fence !== undefined) this.#fence(outcome.fence);
    if (outcome.expired !== undefined) this.#voice.giveUp(outcome.expired);
    if (outcome.asked === true) this.#voice.answerSoon();
    if (outcome.returned === true) {
      this.#voice.askAll();
      this.#listensUntil = this.#lookedAt + ANSWERS_MS;
    }
    if (outcome.gap || outcome.expired || outcome.asked || outcome.returned) this.#speakSoon();
    this.#report(outcome.transitions);
    const listens = this.#lookedAt < this.#listensUntil || (this.#stale && knowsTooLittle(this.#state));
    const stale = isFrozen(this.#state) || listens;
    if (stale === this.#stale) return;
    this.#stale = stale;
    this.#options.onStale?.(stale);
  }

  #report(transitions: Transition[]): void {
    if (transitions.length === 0) return;
    const at = this.#clock.wallMs();
    this.#options.onChanges(
      transitions.map(({ user, from, to }) => ({ from, presence: this.#lastSeen.note(user, to, at) })),
    );
  }

  // Sessions may open and close before the start; the introduction tells of them.
  #speakSoon(): void {
    if (this.#flushTimer !== undefined || this.#phase !== 'running') return;
    const delayMs = FLUSH_MIN_MS + this.#options.random.float() * (FLUSH_MAX_MS - FLUSH_MIN_MS);
    this.#flushTimer = this.#clock.setTimer(() => {
      this.#flushTimer = undefined;
      this.#speak(this.#look());
    }, delayMs);
  }

  #speak(now: number): void {
    if (this.#state.fenced !== undefined || this.#phase !== 'running') return;
    this.#voice.ask(takeQuestions(this.#state, now));
    this.#voice.speak(now);
  }
}
