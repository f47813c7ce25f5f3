/** Who may see and do what, judged by a model of its own: user × conversation × action, denied unless the sequence says so. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { directMembers } from '@parley/protocol';
import { encodeHead, type LoggedRecord, RECORD_VERSION, type RecordKind } from '../../src/log/record.ts';
import type { Outcome } from '../../src/view/reducer.ts';
import { batchesOf, DIRECTS, PARTITIONS, randomLog, ROOMS, USERS } from './random-log.ts';
import { TestView } from './view.ts';

interface Window {
  hiddenUpTo: number;
  upTo: number | undefined;
}

/** A room as its own entries tell it, in the words of PROTOCOL.md R26. */
class ModelRoom {
  isPublic = false;
  invite: string | undefined;
  head = 0;
  readonly windows = new Map<string, Window>();

  follow(outcome: Extract<Outcome, { type: 'entry' }>): void {
    const { kind, author } = outcome.head;
    this.head = outcome.seq;
    const body: unknown = kind === 'message' ? undefined : JSON.parse(Buffer.from(outcome.body).toString());
    if (kind === 'roomCreated') this.isPublic = hasField(body, 'visibility') && body.visibility === 'public';
    if (kind === 'inviteReplaced' && hasField(body, 'invite')) this.invite = String(body.invite);
    if (kind === 'roomCreated' || kind === 'memberJoined')
      this.windows.set(author, { hiddenUpTo: this.isPublic ? 0 : outcome.seq - 1, upTo: undefined });
    const window = this.windows.get(author);
    if (kind === 'memberLeft' && window !== undefined) window.upTo = outcome.seq;
  }

  isMember(user: string): boolean {
    const window = this.windows.get(user);
    return window !== undefined && window.upTo === undefined;
  }
}

function hasField<Key extends string>(value: unknown, key: Key): value is Record<Key, unknown> {
  return typeof value === 'object' && value !== null && key in value;
}

function modelOf(view: TestView): Map<string, ModelRoom> {
  const rooms = new Map<string, ModelRoom>();
  for (const outcome of view.outcomes) {
    if (outcome.type !== 'entry' || !outcome.conversation.id.startsWith('r_')) continue;
    const room = rooms.get(outcome.conversation.id) ?? new ModelRoom();
    room.follow(outcome);
    rooms.set(outcome.conversation.id, room);
  }
  return rooms;
}

function viewOf(log: LoggedRecord[][]): TestView {
  const view = new TestView(PARTITIONS);
  for (const { partition, records } of batchesOf(log, [])) void view.accept(partition, records);
  view.run();
  return view;
}

function seqsSeen(view: TestView, user: string, id: string): number[] | undefined {
  const access = view.queries.access(user, id);
  return access && view.queries.entries(access, { before: 1e9, after: 0, limit: 1e9 }).map(({ seq }) => seq);
}

const range = (after: number, upTo: number): number[] =>
  Array.from({ length: Math.max(0, upTo - after) }, (_, at) => after + 1 + at);

describe('access', () => {
  it('opens to each user exactly the part of a room that membership gives', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = viewOf(log);
        const rooms = modelOf(view);
        for (const user of USERS) {
          for (const id of ROOMS) {
            const room = rooms.get(id);
            const window = room?.windows.get(user);
            const wanted = window && range(window.hiddenUpTo, window.upTo ?? room?.head ?? 0);
            expect(seqsSeen(view, user, id)).toEqual(wanted);
            expect(view.queries.describe(user, id)?.head).toBe(window && (window.upTo ?? room?.head));
            expect(view.queries.access(user, id)?.isMember ?? false).toBe(room?.isMember(user) ?? false);
          }
        }
        view.close();
      }),
      { numRuns: 100 },
    );
  });

  it('opens a conversation of two to those two alone', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = viewOf(log);
        for (const id of DIRECTS) {
          for (const user of USERS) {
            const exists = view.store.conversation(id) !== undefined;
            const isOne = directMembers(id)?.includes(user) === true;
            expect(view.queries.access(user, id)?.isMember).toBe(exists && isOne ? true : undefined);
            const own = view.queries.conversationsOf(user, { after: 0, limit: 1_000 });
            expect(own.some((conversation) => conversation.id === id)).toBe(exists && isOne);
          }
        }
        view.close();
      }),
      { numRuns: 100 },
    );
  });

  it('lets nobody write, rename, invite, join or leave but whom the room lets', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = viewOf(log);
        const rooms = modelOf(view);
        const probe = new Probe(view, log);
        for (const id of ROOMS) {
          const room = rooms.get(id);
          for (const user of USERS) {
            const member = room?.isMember(user) === true;
            expect(probe.try(id, user, 'message', 'hi')).toBe(member);
            expect(probe.try(id, user, 'roomRenamed', '{"name":"New"}')).toBe(member);
            expect(probe.try(id, user, 'roomCreated', '{"name":"New","visibility":"public"}')).toBe(
              room === undefined && user === USERS[0],
            );
            if (room === undefined) continue;
            const invite = room.invite;
            const wrong = probe.try(id, user, 'memberJoined', '{"invite":"AAAAAAAAAAAAAAAAAAAAAA"}');
            expect(wrong).toBe(member || room.isPublic);
            if (!wrong) {
              expect(probe.try(id, user, 'memberJoined', '{}')).toBe(false);
              const right = invite !== undefined && probe.try(id, user, 'memberJoined', JSON.stringify({ invite }));
              expect(right).toBe(invite !== undefined);
            }
          }
        }
        view.close();
      }),
      { numRuns: 100 },
    );
  });

  it('ends with leaving, which only a member can', () => {
    fc.assert(
      fc.property(randomLog, (log) => {
        const view = viewOf(log);
        const rooms = modelOf(view);
        const probe = new Probe(view, log);
        for (const id of ROOMS) {
          for (const user of USERS) {
            const member = rooms.get(id)?.isMember(user) === true;
            expect(probe.try(id, user, 'memberLeft', '{}')).toBe(member);
            expect(probe.try(id, user, 'memberLeft', '{}')).toBe(false);
            expect(probe.try(id, user, 'message', 'still here?')).toBe(false);
            expect(probe.try(id, user, 'inviteReplaced', '{"invite":"AAAAAAAAAAAAAAAAAAAAAA"}')).toBe(false);
            const before = seqsSeen(view, user, id);
            const other = USERS.find((each) => rooms.get(id)?.isMember(each) === true);
            if (other !== undefined) probe.try(id, other, 'message', 'after');
            expect(seqsSeen(view, user, id)).toEqual(before);
          }
        }
        view.close();
      }),
      { numRuns: 100 },
    );
  });
});

/** Appends one operation more and says whether it was allowed. */
class Probe {
  readonly #view: TestView;
  readonly #offsets: number[];
  #count = 0;

  constructor(view: TestView, log: LoggedRecord[][]) {
    this.#view = view;
    this.#offsets = log.map((records) => records.length);
  }

  try(key: string, author: string, kind: RecordKind, body: string): boolean {
    this.#count += 1;
    const id = `0199c1f0-8a02-7d3e-8f4a-${String(this.#count).padStart(12, '0')}`;
    const head = encodeHead({ version: RECORD_VERSION, kind, id, author, at: 1 });
    const offset = this.#offsets[0] ?? 0;
    this.#offsets[0] = offset + 1;
    void this.#view.accept(0, [{ offset, key, head, body: Buffer.from(body) }]);
    this.#view.run();
    const { type } = this.#view.outcomes.at(-1) ?? { type: 'nothing' };
    return type === 'entry' || type === 'repeat';
  }
}
