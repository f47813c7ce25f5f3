/**
 * What is held of one conversation, and what an arriving entry changes in it. Plain data, changed in place by functions
 * without clock, randomness or effects: the same entries give the same state, in whatever order and how often they come.
 * Called by conversations.ts; conversation-view.ts makes the immutable snapshot of it.
 */
import type { Conversation, ConversationId, Entry, UserId } from '@parley/protocol';
import type { Hole, TimelineItem } from './api.ts';

type EntryItem = Extract<TimelineItem, { type: 'entry' }>;

/** Held entries whose seqs follow each other. */
interface Run {
  from: number;
  items: EntryItem[];
}

export interface ConversationState {
  readonly id: ConversationId;
  /** Ascending; between two of them at least one entry is missing. */
  runs: Run[];
  /** Between held entries, but not for this user to see (written while the user was no member): no holes. Ascending. */
  voids: Hole[];
  /** Nothing at or below is for this user to see, or is there at all. */
  floor: number;
  /** Newest seq known to exist. */
  head: number;
  /** As the relay described it last. Entries above its head are applied on top: see `changes`. */
  summary: Conversation | undefined;
  changes: Changes;
  readUpTo: number;
  /** The read position that the relay is known to have. */
  readAtRelay: number;
  reads: Map<UserId, number>;
  /** Raised by every change of what the timeline shows. */
  timelineRevision: number;
  /** Raised by every change of `reads`. */
  readsRevision: number;
}

/** What held entries above the summary's head did to the conversation; independent of the order they arrived in. */
interface Changes {
  members: number;
  named?: { seq: number; name: string };
  membership?: { seq: number; joined: boolean };
}

export function emptyConversation(id: ConversationId): ConversationState {
  return {
    id,
    runs: [],
    voids: [],
    floor: 0,
    head: 0,
    summary: undefined,
    changes: { members: 0 },
    readUpTo: 0,
    readAtRelay: 0,
    reads: new Map(),
    timelineRevision: 0,
    readsRevision: 0,
  };
}

export const endOf = (run: Run): number => run.from + run.items.length - 1;

/** Adds entries, live or fetched, and returns those that were not held before, in the order given. */
export function applyEntries(state: ConversationState, entries: readonly Entry[], me: UserId | undefined): Entry[] {
  const added = entries.filter((entry) => insert(state, entry));
  for (const entry of added) {
    if (entry.seq > state.head) state.head = entry.seq;
    if (state.summary !== undefined && entry.seq > state.summary.head) count(state.changes, entry, me);
  }
  if (added.length > 0) state.timelineRevision += 1;
  return added;
}

/** The relay says that entries up to here exist. */
export function raiseHead(state: ConversationState, head: number): void {
  if (head <= state.head) return;
  state.head = head;
  state.timelineRevision += 1;
}

/** The relay describes the conversation anew. It may be older than entries that are already held. */
export function applySummary(state: ConversationState, summary: Conversation, me: UserId | undefined): void {
  state.summary = summary;
  state.timelineRevision += 1;
  raiseHead(state, summary.head);
  state.floor = Math.max(state.floor, summary.hiddenUpTo);
  state.readAtRelay = Math.max(state.readAtRelay, summary.readUpTo);
  state.readUpTo = Math.max(state.readUpTo, summary.readUpTo);
  for (const { user, seq } of summary.reads) applyRead(state, user, seq);
  state.changes = { members: 0 };
  for (const entry of heldAbove(state, summary.head)) count(state.changes, entry, me);
}

/** How far another user has read; positions only move forward. */
export function applyRead(state: ConversationState, user: UserId, seq: number): boolean {
  if (seq <= (state.reads.get(user) ?? 0)) return false;
  state.reads.set(user, seq);
  state.readsRevision += 1;
  return true;
}

/**
 * Adds a page of history that was asked for with `after < seq < before`. The page holds the newest of what the user may
 * see in that range, so what it leaves out between its first entry and `before` is not for this user to see.
 */
export function applyPage(
  state: ConversationState,
  asked: { after: number; before: number },
  page: { entries: readonly Entry[]; me: UserId | undefined },
): Entry[] {
  const lowest = state.runs[0]?.from ?? Number.POSITIVE_INFINITY;
  const entries = page.entries.filter(({ seq }) => seq > asked.after && seq < asked.before);
  const added = applyEntries(state, entries, page.me);
  let above = Math.min(asked.before, state.head + 1);
  for (const entry of entries.toReversed()) {
    addVoid(state, { from: entry.seq + 1, to: above - 1 });
    above = entry.seq;
  }
  if (entries.length === 0) {
    if (asked.before <= lowest) raiseFloor(state, above - 1);
    else addVoid(state, { from: asked.after + 1, to: above - 1 });
  }
  return added;
}

/** The holes between the lowest held entry and the head, ascending. */
export function holesOf(state: ConversationState): Hole[] {
  const holes: Hole[] = [];
  for (const [at, run] of state.runs.entries()) {
    const next = state.runs[at + 1];
    const gap = { from: endOf(run) + 1, to: next === undefined ? state.head : next.from - 1 };
    if (gap.from <= gap.to) holes.push(...withoutVoids(state, gap));
  }
  return holes;
}

/** Cheap: whether `holesOf` could find any. */
export function mayHaveHoles(state: ConversationState): boolean {
  const last = state.runs.at(-1);
  return last !== undefined && (state.runs.length > 1 || endOf(last) < state.head);
}

/** The highest seq up to which every visible entry is held or lies in a known hole; undefined when nothing is held. */
export function claimedHead(state: ConversationState): number | undefined {
  const last = state.runs.at(-1);
  if (last === undefined) return undefined;
  // What was found to be invisible at the very end is not claimed: it may have been too new for the node that was asked.
  return Math.max(endOf(last), holesOf(state).at(-1)?.to ?? 0);
}

export function newestEntry(state: ConversationState): Entry | undefined {
  const held = state.runs.at(-1)?.items.at(-1)?.entry;
  const told = state.summary?.last;
  return held === undefined || (told !== undefined && told.seq > held.seq) ? told : held;
}

export function hasEarlier(state: ConversationState): boolean {
  return (state.runs[0]?.from ?? state.head + 1) > state.floor + 1;
}

/** Entries of others to read, as far as is known: an entry that is not held counts as one. */
export function countUnread(state: ConversationState, me: UserId | undefined): number {
  const bottom = Math.max(state.readUpTo, state.floor);
  let unread = 0;
  let above = state.head + 1;
  for (let at = state.runs.length - 1; at >= 0 && above > bottom + 1; at -= 1) {
    const run = state.runs[at]!;
    unread += countMissing(state, Math.max(endOf(run), bottom) + 1, above - 1);
    for (let place = run.items.length - 1; place >= 0 && run.from + place > bottom; place -= 1) {
      if (isUnread(run.items[place]!.entry, me)) unread += 1;
    }
    above = run.from;
  }
  unread += countMissing(state, bottom + 1, above - 1);
  const told = state.summary?.last;
  const isToldMissing = told !== undefined && told.seq > bottom && find(state, told.seq) === undefined;
  return isToldMissing && !isUnread(told, me) ? unread - 1 : unread;
}

export function find(state: ConversationState, seq: number): Entry | undefined {
  for (let at = state.runs.length - 1; at >= 0; at -= 1) {
    const run = state.runs[at]!;
    if (seq >= run.from) return run.items[seq - run.from]?.entry;
  }
  return undefined;
}

/** Lets go of the oldest entries until at most `most` are held; they become "earlier" again. */
export function trim(state: ConversationState, most: number): void {
  const last = state.runs.at(-1);
  // Twice as many may be held, so that the copying is paid for by as many arrivals.
  if (last === undefined || last.items.length < most * 2) return;
  last.from = endOf(last) - most + 1;
  last.items = last.items.slice(-most);
  state.runs = [last];
  state.timelineRevision += 1;
}

const isUnread = (entry: Entry, me: UserId | undefined) => entry.kind === 'message' && entry.author !== me;

function insert(state: ConversationState, entry: Entry): boolean {
  const { runs } = state;
  const item: EntryItem = { type: 'entry', entry };
  for (let at = runs.length - 1; at >= 0; at -= 1) {
    const run = runs[at]!;
    const end = endOf(run);
    if (entry.seq > end + 1) {
      insertRun(state, at + 1, item);
      return true;
    }
    if (entry.seq === end + 1) {
      run.items.push(item);
      joinWithNext(state, at);
      return true;
    }
    if (entry.seq >= run.from) return false;
  }
  insertRun(state, 0, item);
  return true;
}

function insertRun(state: ConversationState, at: number, item: EntryItem): void {
  state.runs.splice(at, 0, { from: item.entry.seq, items: [item] });
  joinWithNext(state, at);
}

function joinWithNext(state: ConversationState, at: number): void {
  const run = state.runs[at]!;
  const next = state.runs[at + 1];
  if (next === undefined || next.from !== endOf(run) + 1) return;
  run.items = run.items.concat(next.items);
  state.runs.splice(at + 1, 1);
}

function count(changes: Changes, entry: Entry, me: UserId | undefined): void {
  if (entry.kind === 'roomRenamed' && entry.seq > (changes.named?.seq ?? 0)) {
    changes.named = { seq: entry.seq, name: entry.name };
  }
  if (entry.kind !== 'memberJoined' && entry.kind !== 'memberLeft') return;
  const joined = entry.kind === 'memberJoined';
  changes.members += joined ? 1 : -1;
  if (entry.author === me && entry.seq > (changes.membership?.seq ?? 0)) {
    changes.membership = { seq: entry.seq, joined };
  }
}

function* heldAbove(state: ConversationState, seq: number): Generator<Entry> {
  for (let at = state.runs.length - 1; at >= 0; at -= 1) {
    const run = state.runs[at]!;
    for (let place = run.items.length - 1; place >= 0; place -= 1) {
      if (run.from + place <= seq) return;
      yield run.items[place]!.entry;
    }
  }
}

function raiseFloor(state: ConversationState, floor: number): void {
  if (floor <= state.floor) return;
  state.floor = floor;
  state.timelineRevision += 1;
}

function addVoid(state: ConversationState, gap: Hole): void {
  if (gap.from > gap.to) return;
  const touching = state.voids.filter(({ from, to }) => from <= gap.to + 1 && to >= gap.from - 1);
  const from = Math.min(gap.from, ...touching.map((each) => each.from));
  const to = Math.max(gap.to, ...touching.map((each) => each.to));
  const others = state.voids.filter((each) => !touching.includes(each));
  state.voids = [...others, { from, to }].toSorted((one, other) => one.from - other.from);
  state.timelineRevision += 1;
}

function countMissing(state: ConversationState, from: number, to: number): number {
  if (from > to) return 0;
  return withoutVoids(state, { from, to }).reduce((sum, gap) => sum + gap.to - gap.from + 1, 0);
}

function withoutVoids(state: ConversationState, gap: Hole): Hole[] {
  let from = Math.max(gap.from, state.floor + 1);
  const left: Hole[] = [];
  for (const hidden of state.voids) {
    if (hidden.to < from || hidden.from > gap.to) continue;
    if (hidden.from > from) left.push({ from, to: hidden.from - 1 });
    from = hidden.to + 1;
  }
  if (from <= gap.to) left.push({ from, to: gap.to });
  return left;
}
