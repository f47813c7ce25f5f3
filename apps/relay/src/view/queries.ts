/**
 * What sessions read from the view. Everything about a conversation is bounded by what its reader may see (`access`);
 * nothing here writes.
 */
import type { StatementSync } from 'node:sqlite';
import {
  type Conversation,
  type ConversationId,
  directMembers,
  type Entry,
  ROOM_SMALL_MAX_MEMBERS,
  type RoomListing,
  type User,
} from '@parley/protocol';
import type { Metrics } from '../metrics.ts';
import { toEntry } from './entry-body.ts';
import { asBytes, type ConversationAggregate, foldForSearch, type ViewStore } from './store.ts';

/** Which part of a sequence a user may read. */
export interface Access {
  conversation: ConversationAggregate;
  /** Entries up to here are hidden. */
  hiddenUpTo: number;
  /** The newest that may be read; nothing above it ever comes once the user has left. */
  upTo: number;
  /** Is a member now: may write, and is told what is new. */
  isMember: boolean;
}

/** What a replay has to know of a conversation before it describes it. The parts mean what they mean in `Access`. */
export interface OwnConversation {
  /** Its number in this node's view. */
  ref: number;
  id: ConversationId;
  /** A room, and the user is in it. */
  isJoinedRoom: boolean;
  hiddenUpTo: number;
  head: number;
  /** Wall clock of its last entry that the user may see. */
  lastAt: number;
}

/** Names and people in order of their folded name, then id: `next` goes on after the last. */
export interface Rows<Item> {
  rows: Item[];
  next?: string;
}

export interface ListQuery {
  search?: string | undefined;
  cursor?: string | undefined;
  limit: number;
}

export class ViewQueries {
  readonly #store: ViewStore;
  readonly #metrics: Metrics;
  readonly #sql: Statements;

  constructor(store: ViewStore, metrics: Metrics) {
    this.#store = store;
    this.#metrics = metrics;
    this.#sql = prepare((text) => store.database.prepare(text));
  }

  conversation(id: string): ConversationAggregate | undefined {
    return this.#store.conversation(id);
  }

  /** Undefined for a stranger, and alike for a conversation that does not exist. */
  access(user: string, id: string): Access | undefined {
    const conversation = this.#store.conversation(id);
    if (conversation === undefined) return undefined;
    const { room } = conversation;
    if (room === undefined) {
      if (directMembers(id)?.includes(user) !== true) return undefined;
      return { conversation, hiddenUpTo: 0, upTo: conversation.head, isMember: true };
    }
    const joined = room.members.get(user);
    const openHistory = room.visibility === 'public';
    if (joined !== undefined) {
      return { conversation, hiddenUpTo: openHistory ? 0 : joined - 1, upTo: conversation.head, isMember: true };
    }
    const row = this.#sql.membership.get(user, conversation.ref);
    if (row === undefined) return undefined;
    const hiddenUpTo = openHistory ? 0 : Number(row['joined']) - 1;
    return { conversation, hiddenUpTo, upTo: Number(row['ended']), isMember: false };
  }

  /** Entries with `after < seq < before` that the reader may see: the newest `limit` of them, ascending. */
  entries(access: Access, range: { before: number; after: number; limit: number }): Entry[] {
    const after = Math.max(range.after, access.hiddenUpTo);
    const before = Math.min(range.before, access.upTo + 1);
    const rows = this.#sql.entries.all(access.conversation.ref, after, before, range.limit);
    return rows.map((row) => this.#entry(row)).toReversed();
  }

  /** The oldest entries after `after`, ascending: the direction in which a replay goes. */
  entriesFrom(access: Access, range: { after: number; upTo: number; limit: number }): Entry[] {
    const after = Math.max(range.after, access.hiddenUpTo);
    const upTo = Math.min(range.upTo, access.upTo);
    return this.#sql.entriesFrom.all(access.conversation.ref, after, upTo, range.limit).map((row) => this.#entry(row));
  }

  /** A part of the list of all conversations of the user, in the order of their `ref`: the next begins after the last. */
  conversationsOf(user: string, { after, limit }: { after: number; limit: number }): OwnConversation[] {
    return this.#sql.conversationsOf.all(user, after, limit).map((row) => {
      const isMember = row['ended'] === null;
      const isRoom = row['visibility'] !== null;
      return {
        ref: Number(row['ref']),
        id: String(row['id']),
        isJoinedRoom: isRoom && isMember,
        hiddenUpTo: row['visibility'] === 'private' ? Number(row['joined']) - 1 : 0,
        head: Number(row['head']),
        lastAt: Number(row['at'] ?? 0),
      };
    });
  }

  conversationId(ref: number): ConversationId | undefined {
    const id = this.#sql.idOf.get(ref)?.['id'];
    return id === undefined ? undefined : String(id);
  }

  /** A conversation as this user sees it. */
  describe(user: string, id: ConversationId): Conversation | undefined {
    const access = this.access(user, id);
    if (access === undefined) return undefined;
    const { conversation, hiddenUpTo, upTo } = access;
    const last = this.entries(access, { before: upTo + 1, after: 0, limit: 1 })[0];
    const isSmall = conversation.room === undefined || conversation.room.members.size <= ROOM_SMALL_MAX_MEMBERS;
    const common = {
      head: upTo,
      hiddenUpTo,
      ...(last === undefined ? {} : { last }),
      readUpTo: Math.min(upTo, this.readUpTo(user, id)),
      reads: isSmall && access.isMember ? this.#readsOfOthers(conversation, user) : [],
    };
    const members = directMembers(id);
    if (members !== undefined) return { kind: 'direct', id, peer: peerOf(members, user), ...common };
    const { room } = conversation;
    if (room === undefined) return undefined;
    const { name, visibility } = room;
    return { kind: 'room', id, name, visibility, memberCount: room.members.size, joined: access.isMember, ...common };
  }

  readUpTo(user: string, id: string): number {
    return Number(this.#sql.readOf.get(id, user)?.['seq'] ?? 0);
  }

  user(id: string): User | undefined {
    const name = this.#store.userName(id);
    return name === undefined ? undefined : { id, name };
  }

  users(ids: Iterable<string>): User[] {
    const users: User[] = [];
    for (const id of new Set(ids)) {
      const user = this.user(id);
      if (user !== undefined) users.push(user);
    }
    return users;
  }

  people(query: ListQuery): Rows<User> {
    const [name, id] = readCursor(query.cursor);
    const rows = this.#sql.people.all(like(query.search), name, id, query.limit + 1);
    return page(rows, query.limit, (row) => ({ id: String(row['id']), name: String(row['name']) }));
  }

  publicRooms(user: string, query: ListQuery): Rows<RoomListing> {
    const [name, id] = readCursor(query.cursor);
    const rows = this.#sql.rooms.all(like(query.search), name, id, query.limit + 1);
    return page(rows, query.limit, (row) => ({
      id: String(row['id']),
      name: String(row['name']),
      memberCount: Number(row['member_count']),
      joined: this.access(user, String(row['id']))?.isMember === true,
    }));
  }

  members(access: Access, query: ListQuery): Rows<User> {
    const [name, id] = readCursor(query.cursor);
    const rows = this.#sql.members.all(access.conversation.ref, name, id, query.limit + 1);
    return page(rows, query.limit, (row) => ({ id: String(row['id']), name: String(row['name']) }));
  }

  /** Every entry of the conversations after one, by id: for whoever compares nodes. Nobody's rights count here. */
  dump(after: string, limit: number): { conversation: string; entries: [seq: number, id: string, author: string][] }[] {
    return this.#sql.conversationsAfter.all(after, limit).map((row) => ({
      conversation: String(row['id']),
      entries: this.#sql.placesOf
        .all(row['ref'] ?? null)
        .map((entry) => [Number(entry['seq']), String(entry['id']), String(entry['author'])]),
    }));
  }

  #readsOfOthers({ ref, id }: ConversationAggregate, user: string): { user: string; seq: number }[] {
    return this.#sql.reads
      .all(ref, id, user, ROOM_SMALL_MAX_MEMBERS)
      .map((row) => ({ user: String(row['user']), seq: Number(row['seq']) }));
  }

  #entry(row: Row): Entry {
    return toEntry(
      {
        seq: Number(row['seq']),
        kind: String(row['kind']),
        id: String(row['id']),
        author: String(row['author']),
        at: Number(row['at']),
        body: asBytes(row['body']),
      },
      this.#metrics,
    );
  }
}

type Row = NonNullable<ReturnType<StatementSync['get']>>;

export function peerOf(members: readonly [string, string], user: string): string {
  return members[0] === user ? members[1] : members[0];
}

function page<Item>(rows: Row[], limit: number, toItem: (row: Row) => Item): Rows<Item> {
  const taken = rows.slice(0, limit);
  const last = rows.length > limit ? taken.at(-1) : undefined;
  return {
    rows: taken.map(toItem),
    ...(last === undefined ? {} : { next: `${String(last['search'])}\n${String(last['id'])}` }),
  };
}

// A cursor is the sort key of the last row; one that somebody made up only begins elsewhere in the list.
function readCursor(cursor: string | undefined): [name: string, id: string] {
  const [name = '', id = ''] = (cursor ?? '').split('\n');
  return [name, id];
}

/** A LIKE pattern that finds the text anywhere, with its own wildcards taken literally. */
function like(search: string | undefined): string {
  return `%${foldForSearch(search ?? '').replace(/[\\%_]/g, '\\$&')}%`;
}

type Statements = ReturnType<typeof prepare>;

function prepare(sql: (text: string) => StatementSync) {
  const ENTRY = 'seq, kind, id, author, at, body';
  return {
    membership: sql('SELECT joined, ended FROM memberships WHERE user = ? AND conversation = ?'),
    entries: sql(
      `SELECT ${ENTRY} FROM entries WHERE conversation = ? AND seq > ? AND seq < ? ORDER BY seq DESC LIMIT ?`,
    ),
    entriesFrom: sql(
      `SELECT ${ENTRY} FROM entries WHERE conversation = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
    ),
    conversationsOf: sql(`SELECT own.*, e.at FROM (
      SELECT c.ref, c.id, c.visibility, m.joined, m.ended,
        coalesce(m.ended, (SELECT max(seq) FROM entries WHERE conversation = c.ref), 0) AS head
      FROM memberships m JOIN conversations c ON c.ref = m.conversation
      WHERE m.user = ? AND m.conversation > ? ORDER BY m.conversation LIMIT ?
    ) own LEFT JOIN entries e ON e.conversation = own.ref AND e.seq = own.head ORDER BY own.ref`),
    idOf: sql('SELECT id FROM conversations WHERE ref = ?'),
    conversationsAfter: sql('SELECT ref, id FROM conversations WHERE id > ? ORDER BY id LIMIT ?'),
    placesOf: sql('SELECT seq, id, author FROM entries WHERE conversation = ? ORDER BY seq'),
    readOf: sql('SELECT seq FROM reads WHERE conversation = ? AND user = ?'),
    // Who has left keeps a position, which is nobody's business any more.
    reads: sql(`SELECT r.user, r.seq FROM reads r JOIN memberships m ON m.user = r.user AND m.conversation = ?
      WHERE r.conversation = ? AND r.user <> ? AND m.ended IS NULL LIMIT ?`),
    people: sql(`SELECT id, name, search FROM users WHERE search LIKE ? ESCAPE '\\' AND (search, id) > (?, ?)
      ORDER BY search, id LIMIT ?`),
    rooms: sql(`SELECT id, name, search, member_count FROM conversations WHERE visibility = 'public'
      AND search LIKE ? ESCAPE '\\' AND (search, id) > (?, ?) ORDER BY search, id LIMIT ?`),
    members: sql(`SELECT u.id, u.name, u.search FROM memberships m JOIN users u ON u.id = m.user
      WHERE m.conversation = ? AND m.ended IS NULL AND (u.search, u.id) > (?, ?) ORDER BY u.search, u.id LIMIT ?`),
  };
}
