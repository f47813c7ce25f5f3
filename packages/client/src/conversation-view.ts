import { type Conversation, directMembers, type UserId } from '@parley/protocol';
import type { ConversationSnapshot, PendingMessage, TimelineItem } from './api.ts';
import { type ConversationState, countUnread, endOf, hasEarlier, holesOf, newestEntry } from './conversation.ts';

/** What belongs to a conversation's snapshot but is kept elsewhere. Equal lists are the same list. */
export interface Surroundings {
  readonly me: UserId | undefined;
  readonly pending: readonly PendingMessage[];
  readonly typing: readonly UserId[];
}

/** A snapshot and what it was made from, so that the next one shares what did not change. */
export interface ConversationView {
  readonly snapshot: ConversationSnapshot;
  readonly timelineRevision: number;
  readonly readsRevision: number;
}

export function viewConversation(
  state: ConversationState,
  around: Surroundings,
  before: ConversationView | undefined,
): ConversationView {
  const { timelineRevision, readsRevision } = state;
  const old = before?.snapshot;
  const details = describe(state, around.me);
  const snapshot: ConversationSnapshot = {
    id: state.id,
    details: old !== undefined && isSameDetails(old.details, details) ? old.details : details,
    timeline: before?.timelineRevision === timelineRevision ? before.snapshot.timeline : layOut(state, old?.timeline),
    hasEarlier: hasEarlier(state),
    head: state.head,
    readUpTo: state.readUpTo,
    unreadCount: countUnread(state, around.me),
    reads: before?.readsRevision === readsRevision ? before.snapshot.reads : new Map(state.reads),
    pending: around.pending,
    typing: around.typing,
  };
  if (before !== undefined && isShallowEqual(before.snapshot, snapshot)) return before;
  return { snapshot, timelineRevision, readsRevision };
}

function layOut(state: ConversationState, before: readonly TimelineItem[] | undefined): TimelineItem[] {
  const holes = holesOf(state);
  const known = holes.length === 0 ? [] : (before?.filter((item) => item.type === 'hole') ?? []);
  const items: TimelineItem[] = [];
  for (const [at, run] of state.runs.entries()) {
    for (const item of run.items) items.push(item);
    const nextFrom = state.runs[at + 1]?.from ?? Number.POSITIVE_INFINITY;
    for (const hole of holes) {
      if (hole.from <= endOf(run) || hole.from >= nextFrom) continue;
      const same = known.find((item) => item.hole.from === hole.from && item.hole.to === hole.to);
      items.push(same ?? { type: 'hole', hole });
    }
  }
  return items;
}

function describe(state: ConversationState, me: UserId | undefined): Conversation | undefined {
  const last = newestEntry(state);
  const common = {
    head: state.head,
    readUpTo: state.readUpTo,
    reads: [...state.reads].map(([user, seq]) => ({ user, seq })),
    ...(last !== undefined && { last }),
  };
  const { summary, changes } = state;
  if (summary === undefined) {
    const peer = directMembers(state.id)?.toSorted((user) => (user === me ? 1 : -1))[0];
    if (peer === undefined || state.head === 0) return undefined;
    return { kind: 'direct', id: state.id, peer, hiddenUpTo: 0, ...common };
  }
  if (summary.kind === 'direct') return { ...summary, ...common };
  return {
    ...summary,
    ...common,
    name: changes.named?.name ?? summary.name,
    memberCount: summary.memberCount + changes.members,
    joined: changes.membership?.joined ?? summary.joined,
  };
}

function isSameDetails(one: Conversation | undefined, other: Conversation | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  const isSameReads =
    one.reads.length === other.reads.length &&
    one.reads.every(({ user, seq }, at) => other.reads[at]?.user === user && other.reads[at].seq === seq);
  return isSameReads && isShallowEqual({ ...one, reads: undefined }, { ...other, reads: undefined });
}

function isShallowEqual(one: object, other: object): boolean {
  const fields = new Map<string, unknown>(Object.entries(other));
  const entries = Object.entries(one);
  return (
    entries.length === fields.size && entries.every(([key, value]) => fields.has(key) && fields.get(key) === value)
  );
}
