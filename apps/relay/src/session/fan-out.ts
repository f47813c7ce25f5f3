/**
 * Who is told: after a record was applied, hands each new entry to the sessions of this node that it concerns, encoded once, and lets
 * everything else go by undecoded. Called with the applier's outcomes; frames go to the sessions' outbound queues.
 */
import {
  directMembers,
  type Entry,
  PAGE_MAX_ENTRIES,
  type RelayFrame,
  ROOM_SMALL_MAX_MEMBERS,
  type User,
} from '@parley/protocol';
import type { Clock } from '@parley/protocol/environment';
import type { Metrics } from '../metrics.ts';
import { toEntry } from '../view/entry-body.ts';
import type { ViewQueries } from '../view/queries.ts';
import type { Outcome } from '../view/reducer.ts';
import type { ConversationAggregate } from '../view/store.ts';
import { encodeInParts } from './frame-parts.ts';
import { encodeControl, encodeDurable, encodeEphemeral, type OutgoingFrame } from './outgoing-frame.ts';

/** New names are told this far apart, in milliseconds, the first of them at once. */
const RENAMES_APART_MS = 1_000;

/** A session as fan-out sees it. */
export interface Listener {
  readonly user: string;
  /** Rooms that the user is in; kept by fan-out. */
  rooms: Set<string> | undefined;
  push(frame: OutgoingFrame): void;
}

type EntryOutcome = Extract<Outcome, { type: 'entry' }>;

export class FanOut {
  readonly #queries: ViewQueries;
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  /** Users with new names that were not told yet. */
  readonly #renamed = new Set<string>();
  #renamesWait = false;
  readonly #byUser = new Map<string, Set<Listener>>();
  readonly #byRoom = new Map<string, Set<Listener>>();

  constructor(queries: ViewQueries, metrics: Metrics, clock: Clock) {
    this.#queries = queries;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** From the next outcome on, the listener gets what concerns its user, but for the rooms: it enters them one by one. */
  add(listener: Listener): void {
    addTo(this.#byUser, listener.user, listener);
  }

  /** From the next outcome on, the listener gets what comes in this room. Call it where its replay of the room is cut off. */
  enter(listener: Listener, room: string): void {
    listener.rooms ??= new Set();
    listener.rooms.add(room);
    addTo(this.#byRoom, room, listener);
  }

  remove(listener: Listener): void {
    removeFrom(this.#byUser, listener.user, listener);
    for (const room of listener.rooms ?? []) removeFrom(this.#byRoom, room, listener);
    listener.rooms = undefined;
  }

  handle(outcomes: readonly Outcome[]): void {
    const groups = new Map<string, EntryOutcome[]>();
    for (const outcome of outcomes) {
      if (outcome.type === 'entry') this.#handleEntry(outcome, groups);
      else if (outcome.type === 'read') this.#handleRead(outcome);
      else if (outcome.type === 'userNamed' && !outcome.isNew && outcome.changed)
        this.#handleRename(outcome.head.author);
    }
    for (const group of groups.values()) this.#send(group);
  }

  /** Somebody types; told to everybody else in a small conversation. */
  handleTyping(conversation: string, user: string): void {
    const members = directMembers(conversation);
    if (members === undefined && this.#audienceOf(conversation) === undefined) return;
    const frame = encodeEphemeral({ type: 'typing', conversation, user }, `typing ${conversation} ${user}`);
    this.#pushTo(conversation, frame, user);
  }

  /** Whether anybody here is in the conversation; what concerns nobody is not decoded. */
  hasAudience(conversation: string): boolean {
    const members = directMembers(conversation);
    if (members === undefined) return this.#byRoom.has(conversation);
    return this.#byUser.has(members[0]) || this.#byUser.has(members[1]);
  }

  #handleEntry(outcome: EntryOutcome, groups: Map<string, EntryOutcome[]>): void {
    const { id } = outcome.conversation;
    const { kind, author } = outcome.head;
    const changesAudience = kind === 'roomCreated' || kind === 'memberJoined' || kind === 'memberLeft';
    if (changesAudience && this.#byUser.has(author)) {
      this.#flushGroup(id, groups);
      // Told to those who were in before and after it: leaving is the last that the leaver sees, joining the first.
      if (kind === 'memberLeft') {
        this.#send([outcome]);
        this.#leave(id, author);
      } else {
        this.#join(id, author);
        this.#send([outcome]);
      }
      return;
    }
    if (!this.hasAudience(id)) return;
    // A conversation of two begins with its first entry; before it nobody has heard of it.
    if (outcome.seq === 1 && kind === 'message') this.#describeTo(directMembers(id) ?? [], id);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [outcome]);
    else group.push(outcome);
  }

  #flushGroup(id: string, groups: Map<string, EntryOutcome[]>): void {
    const group = groups.get(id);
    if (group === undefined) return;
    groups.delete(id);
    this.#send(group);
  }

  #send(group: readonly EntryOutcome[]): void {
    const conversation = group[0]?.conversation;
    if (conversation === undefined || !this.hasAudience(conversation.id)) return;
    const { id } = conversation;
    const build = (entries: Entry[]): RelayFrame => ({
      type: 'entries',
      conversation: id,
      entries,
      users: this.#queries.users(entries.map((entry) => entry.author)),
    });
    for (let from = 0; from < group.length; from += PAGE_MAX_ENTRIES) {
      const entries = group
        .slice(from, from + PAGE_MAX_ENTRIES)
        .map(({ seq, head, body }) => toEntry({ ...head, seq, body }, this.#metrics));
      for (const frame of encodeInParts(entries, build, encodeDurable)) this.#pushTo(id, frame);
    }
  }

  #handleRead(outcome: Extract<Outcome, { type: 'read' }>): void {
    const { conversation, user, seq } = outcome;
    const aggregate = this.#audienceOf(conversation);
    const frame = (): OutgoingFrame =>
      encodeEphemeral({ type: 'readPosition', conversation, user, seq }, `read ${conversation} ${user}`);
    if (aggregate !== undefined) {
      this.#pushTo(conversation, frame());
      return;
    }
    // In a large room only the reader's own devices follow.
    const own = this.#byUser.get(user);
    if (own === undefined) return;
    const encoded = frame();
    for (const listener of own) listener.push(encoded);
  }

  /**
   * To everybody: whom a page shows under which name, in messages of rooms of any size and in lists that it asked for once, is
   * not known here, and a name that is not told stays wrong for as long as the page is open. So that many new names cost
   * hardly more than one, those of a while are told together.
   */
  #handleRename(user: string): void {
    this.#renamed.add(user);
    if (!this.#renamesWait) this.#tellRenames();
  }

  #tellRenames(): void {
    const users = [...this.#renamed];
    this.#renamed.clear();
    // Nobody is told, and the view may be closed by now.
    if (users.length === 0 || this.#byUser.size === 0) return;
    const frames = encodeInParts(this.#queries.users(users), usersFrame, encodeControl);
    for (const listeners of this.#byUser.values())
      for (const listener of listeners) for (const frame of frames) listener.push(frame);
    this.#renamesWait = true;
    this.#clock.setTimer(() => {
      this.#renamesWait = false;
      this.#tellRenames();
    }, RENAMES_APART_MS);
  }

  /** The conversation, if somebody here is in it and it is small enough for what single members do to be told. */
  #audienceOf(id: string): ConversationAggregate | undefined {
    if (!this.hasAudience(id)) return undefined;
    const aggregate = this.#queries.conversation(id);
    return (aggregate?.room?.members.size ?? 0) > ROOM_SMALL_MAX_MEMBERS ? undefined : aggregate;
  }

  #pushTo(conversation: string, frame: OutgoingFrame, except?: string): void {
    const members = directMembers(conversation);
    if (members === undefined) this.#pushToSet(this.#byRoom.get(conversation), frame, except);
    else for (const member of new Set(members)) this.#pushToSet(this.#byUser.get(member), frame, except);
  }

  #pushToSet(listeners: ReadonlySet<Listener> | undefined, frame: OutgoingFrame, except: string | undefined): void {
    if (listeners === undefined) return;
    for (const listener of listeners) {
      if (listener.user === except) continue;
      listener.push(frame);
      this.#metrics.delivered += 1;
    }
  }

  #join(room: string, user: string): void {
    for (const listener of this.#byUser.get(user) ?? []) this.enter(listener, room);
    this.#describeTo([user], room);
  }

  #leave(room: string, user: string): void {
    for (const listener of this.#byUser.get(user) ?? []) {
      listener.rooms?.delete(room);
      removeFrom(this.#byRoom, room, listener);
    }
    this.#describeTo([user], room);
  }

  #describeTo(users: readonly string[], id: string): void {
    for (const user of new Set(users)) {
      const listeners = this.#byUser.get(user);
      if (listeners === undefined) continue;
      const description = this.#queries.describe(user, id);
      if (description === undefined) continue;
      const named = description.kind === 'direct' ? [description.peer] : [];
      const frame = encodeControl({
        type: 'conversations',
        conversations: [description],
        users: this.#queries.users(named),
      });
      for (const listener of listeners) listener.push(frame);
    }
  }
}

function usersFrame(users: User[]): RelayFrame {
  return { type: 'users', users };
}

function addTo(index: Map<string, Set<Listener>>, key: string, listener: Listener): void {
  const listeners = index.get(key);
  if (listeners === undefined) index.set(key, new Set([listener]));
  else listeners.add(listener);
}

function removeFrom(index: Map<string, Set<Listener>>, key: string, listener: Listener): boolean {
  const listeners = index.get(key);
  if (listeners === undefined || !listeners.delete(listener)) return false;
  if (listeners.size === 0) index.delete(key);
  return true;
}
