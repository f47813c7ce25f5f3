import type { Conversation, Entry } from '@parley/protocol';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyEntries,
  applyPage,
  applySummary,
  claimedHead,
  type ConversationState,
  countUnread,
  emptyConversation,
  hasEarlier,
  holesOf,
  raiseHead,
  trim,
} from '../src/conversation.ts';
import { viewConversation } from '../src/conversation-view.ts';
import { ALICE, BOB, DIRECT, messageAt, range, ROOM } from './support/scripted-relay.ts';

const around = { me: ALICE.id, pending: [], typing: [] };
const shown = (state: ConversationState) => viewConversation(state, around, undefined).snapshot;

const room = (head: number, more: Partial<Conversation> = {}): Conversation =>
  Object.assign(
    {
      kind: 'room' as const,
      id: ROOM,
      name: 'Tea',
      visibility: 'public' as const,
      memberCount: 5,
      joined: true,
      head,
      hiddenUpTo: 0,
      readUpTo: 0,
      reads: [],
    },
    more,
  );

/** What the entry at a place is: mostly messages, now and then something that changes the room. */
function roomEntry(seq: number): Entry {
  const { id, at } = messageAt(seq);
  const common = { seq, id, at };
  if (seq % 7 === 3) return { kind: 'memberJoined', ...common, author: seq % 2 === 0 ? ALICE.id : BOB.id };
  if (seq % 7 === 5) return { kind: 'memberLeft', ...common, author: seq % 2 === 0 ? ALICE.id : BOB.id };
  if (seq % 11 === 6) return { kind: 'roomRenamed', ...common, author: BOB.id, name: `Tea ${seq}` };
  return messageAt(seq, seq % 3 === 0 ? ALICE.id : BOB.id);
}

describe('conversation: (conversation, seq) is applied once, a hole is visible and never skipped', () => {
  it('ends in the same state whatever the order, the overlap and the repeats', () => {
    const slices = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 20 })), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(slices, fc.integer({ min: 0, max: 60 }), (cuts, summaryAt) => {
        const frames = cuts.map(([from, length]) => Array.from({ length }, (_, at) => roomEntry(from + at)));
        const inOrder = emptyConversation(ROOM);
        applySummary(inOrder, room(30), ALICE.id);
        const all = new Map(frames.flat().map((entry) => [entry.seq, entry]));
        applyEntries(
          inOrder,
          [...all.values()].toSorted((one, other) => one.seq - other.seq),
          ALICE.id,
        );

        const state = emptyConversation(ROOM);
        let added = 0;
        for (const [at, frame] of frames.entries()) {
          if (at === summaryAt) applySummary(state, room(30), ALICE.id);
          added += applyEntries(state, frame, ALICE.id).length;
          added += applyEntries(state, frame, ALICE.id).length;
        }
        applySummary(state, room(30), ALICE.id);
        expect(shown(state)).toEqual(shown(inOrder));
        expect(added).toBe(all.size);
      }),
    );
  });

  it('shows every seq from the lowest held one to the head exactly once: held or in a hole', () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(seqs, fc.integer({ min: 1, max: 100 }), (order, head) => {
        const state = emptyConversation(DIRECT);
        for (const seq of order) applyEntries(state, [messageAt(seq)], ALICE.id);
        raiseHead(state, head);
        const covered = shown(state).timeline.flatMap((item) =>
          item.type === 'entry' ? [item.entry.seq] : range(item.hole.from, item.hole.to).map(({ seq }) => seq),
        );
        const lowest = Math.min(...order);
        const highest = Math.max(head, ...order);
        expect(covered).toEqual(range(lowest, highest).map(({ seq }) => seq));
        expect(claimedHead(state)).toBe(highest);
        expect(hasEarlier(state)).toBe(lowest > 1);
      }),
    );
  });

  it('is complete after its holes were fetched, newest first, in pages', () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(seqs, fc.integer({ min: 1, max: 30 }), (order, limit) => {
        const state = emptyConversation(DIRECT);
        for (const seq of order) applyEntries(state, [messageAt(seq)], ALICE.id);
        for (let hole = holesOf(state).at(-1); hole !== undefined; hole = holesOf(state).at(-1)) {
          const asked = { after: hole.from - 1, before: hole.to + 1 };
          const page = range(Math.max(hole.from, hole.to - limit + 1), hole.to);
          expect(applyPage(state, asked, { entries: page, me: ALICE.id })).toHaveLength(page.length);
        }
        expect(state.runs).toHaveLength(1);
        expect(state.runs[0]?.items).toHaveLength(Math.max(...order) - Math.min(...order) + 1);
      }),
    );
  });

  it('stops asking for what an answer proves to be hidden', () => {
    const state = emptyConversation(ROOM);
    applyEntries(state, range(1, 10), ALICE.id);
    applyEntries(state, range(41, 50), ALICE.id);
    // The user was no member from 16 to 35.
    const page = { entries: [...range(11, 15), ...range(36, 40)], me: ALICE.id };
    applyPage(state, { after: 10, before: 41 }, page);
    expect(holesOf(state)).toEqual([]);
    expect(countUnread(state, ALICE.id)).toBe(30);
  });

  it('does not claim at the end what it was told is hidden', () => {
    const state = emptyConversation(ROOM);
    applyEntries(state, range(1, 10), ALICE.id);
    raiseHead(state, 12);
    expect(claimedHead(state)).toBe(12);
    applyPage(state, { after: 10, before: 13 }, { entries: [], me: ALICE.id });
    expect(holesOf(state)).toEqual([]);
    expect(claimedHead(state)).toBe(10);
  });

  it('knows when there is nothing earlier: hidden, or answered empty', () => {
    const state = emptyConversation(ROOM);
    applySummary(state, room(50, { hiddenUpTo: 40 }), ALICE.id);
    expect(hasEarlier(state)).toBe(true);
    applyPage(state, { after: 40, before: 51 }, { entries: range(41, 50), me: ALICE.id });
    expect(hasEarlier(state)).toBe(false);
    const empty = emptyConversation(ROOM);
    applySummary(empty, room(5), ALICE.id);
    applyPage(empty, { after: 0, before: 6 }, { entries: [], me: ALICE.id });
    expect(hasEarlier(empty)).toBe(false);
  });

  it('counts as unread what others wrote above the read position, held or not', () => {
    const state = emptyConversation(DIRECT);
    const told = { kind: 'direct' as const, id: DIRECT, peer: BOB.id, hiddenUpTo: 0, reads: [] };
    applySummary(state, { ...told, head: 20, readUpTo: 10, last: messageAt(20) }, ALICE.id);
    expect(countUnread(state, ALICE.id)).toBe(10);
    applySummary(state, { ...told, head: 20, readUpTo: 10, last: messageAt(20, ALICE.id) }, ALICE.id);
    expect(countUnread(state, ALICE.id)).toBe(9);
    applyEntries(state, [messageAt(21), messageAt(22, ALICE.id), messageAt(25)], ALICE.id);
    expect(countUnread(state, ALICE.id)).toBe(9 + 1 + 0 + 2 + 1);
  });

  it('lets go of the oldest when only so many may be held', () => {
    const state = emptyConversation(DIRECT);
    applyEntries(state, range(1, 19), ALICE.id);
    trim(state, 10);
    expect(state.runs[0]).toMatchObject({ from: 1 });
    applyEntries(state, range(20, 20), ALICE.id);
    trim(state, 10);
    expect(shown(state).timeline.map((item) => item.type === 'entry' && item.entry.seq)).toEqual(
      range(11, 20).map(({ seq }) => seq),
    );
    expect(hasEarlier(state)).toBe(true);
  });

  it('shares what did not change between snapshots', () => {
    const state = emptyConversation(ROOM);
    applySummary(state, room(2), ALICE.id);
    applyEntries(state, [messageAt(1), messageAt(4)], ALICE.id);
    const first = viewConversation(state, around, undefined);
    expect(viewConversation(state, around, first)).toBe(first);
    applyEntries(state, [messageAt(5)], ALICE.id);
    const second = viewConversation(state, around, first);
    expect(second.snapshot).not.toBe(first.snapshot);
    expect(second.snapshot.timeline.slice(0, 3).every((item, at) => item === first.snapshot.timeline[at])).toBe(true);
    expect(second.snapshot.reads).toBe(first.snapshot.reads);
    expect(first.snapshot.timeline).toHaveLength(3);
  });
});
