/**
 * What the reducer reads and writes: the aggregates in memory, the rows in SQLite.
 * Called by reducer.ts inside the applier's transaction. If that transaction fails, `forget` throws away what memory knows.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ErrorCode, Visibility } from '@parley/protocol';
import type { RecordHead } from '../log/record.ts';

/** A conversation as the reducer needs it; loaded on first use and kept while it is in use. */
export interface ConversationAggregate {
  readonly id: string;
  /** Row number in this node's view. */
  readonly ref: number;
  head: number;
  /** Only of a room. */
  room?: RoomAggregate;
}

export interface RoomAggregate {
  name: string;
  visibility: Visibility;
  invite: string | null;
  /** Members now, with the seq of their joining. */
  readonly members: Map<string, number>;
}

export interface FirstResult {
  kind: string;
  seq: number;
  at: number;
  body: Uint8Array;
}

/** The answer to an operation that became no entry. */
export type KeptAnswer = { code: ErrorCode; at: number } | { seq: number; at: number };

/** About what a commit may need: where this fits, a node does not go to and fro. */
const PROBE_BYTES = 1024 * 1024;

/** Aggregates kept in memory when nobody is said to need them. A few hundred bytes each, rooms more. */
const MOST_AGGREGATES = 50_000;

export class ViewStore {
  readonly database: DatabaseSync;
  readonly #aggregates = new Map<string, ConversationAggregate>();
  readonly #names = new Map<string, string>();
  readonly #sql: Statements;
  #hasAnswers: boolean;

  constructor(database: DatabaseSync) {
    this.database = database;
    this.#sql = prepare(database);
    this.#hasAnswers = this.#sql.anyAnswer.get() !== undefined;
  }

  /** Memory is filled again from the rows, which is what it differs from after a rollback. */
  forget(): void {
    this.#aggregates.clear();
    this.#names.clear();
    this.#hasAnswers = this.#sql.anyAnswer.get() !== undefined;
  }

  /** Throws when the file takes no more. Outside of a transaction. */
  probe(): void {
    this.#sql.probe.run(PROBE_BYTES / 2);
    this.#sql.endProbe.run();
  }

  conversation(id: string): ConversationAggregate | undefined {
    const known = this.#aggregates.get(id);
    if (known !== undefined) return known;
    const row = this.#sql.conversation.get(id);
    if (row === undefined) return undefined;
    const ref = Number(row['ref']);
    const aggregate: ConversationAggregate = { id, ref, head: Number(this.#sql.head.get(ref)?.['head'] ?? 0) };
    if (id.startsWith('r_')) {
      const members = new Map<string, number>();
      for (const member of this.#sql.members.all(ref)) members.set(String(member['user']), Number(member['joined']));
      const invite = row['invite'];
      aggregate.room = {
        name: String(row['name']),
        visibility: row['visibility'] === 'public' ? 'public' : 'private',
        invite: typeof invite === 'string' ? invite : null,
        members,
      };
    }
    return this.#keep(aggregate);
  }

  createDirect(id: string, users: readonly string[]): ConversationAggregate {
    const ref = Number(this.#sql.createDirect.run(id, users.length).lastInsertRowid);
    for (const user of new Set(users)) this.#sql.join.run(user, ref, 0);
    return this.#keep({ id, ref, head: 0 });
  }

  createRoom(id: string, room: RoomAggregate): ConversationAggregate {
    const ref = Number(
      this.#sql.createRoom.run(id, room.name, foldForSearch(room.name), room.visibility).lastInsertRowid,
    );
    return this.#keep({ id, ref, head: 0, room });
  }

  /** Numbers an entry. Undefined when (conversation, author, id) is there already: nothing was written then. */
  insertEntry(conversation: ConversationAggregate, head: RecordHead, body: Uint8Array): number | undefined {
    const seq = conversation.head + 1;
    const { changes } = this.#sql.insertEntry.run(
      conversation.ref,
      seq,
      head.kind,
      head.id,
      head.author,
      head.at,
      body,
    );
    if (changes === 0) return undefined;
    conversation.head = seq;
    return seq;
  }

  findEntry(conversation: ConversationAggregate, head: RecordHead): FirstResult | undefined {
    const row = this.#sql.findEntry.get(head.id, head.author, conversation.ref);
    if (row === undefined) return undefined;
    return { kind: String(row['kind']), seq: Number(row['seq']), at: Number(row['at']), body: asBytes(row['body']) };
  }

  setName(conversation: ConversationAggregate, name: string): void {
    this.#sql.rename.run(name, foldForSearch(name), conversation.ref);
    if (conversation.room !== undefined) conversation.room.name = name;
  }

  setInvite(conversation: ConversationAggregate, invite: string): void {
    this.#sql.setInvite.run(invite, conversation.ref);
    if (conversation.room !== undefined) conversation.room.invite = invite;
  }

  join(conversation: ConversationAggregate, user: string, seq: number): void {
    this.#sql.join.run(user, conversation.ref, seq);
    // Who joins has nothing unread, whether or not a client says so. By maximum, so the order with the state topic is no matter.
    this.advanceRead(conversation.id, user, seq);
    conversation.room?.members.set(user, seq);
    this.#sql.countMembers.run(conversation.room?.members.size ?? 0, conversation.ref);
  }

  leave(conversation: ConversationAggregate, user: string, seq: number): void {
    this.#sql.leave.run(seq, user, conversation.ref);
    conversation.room?.members.delete(user);
    this.#sql.countMembers.run(conversation.room?.members.size ?? 0, conversation.ref);
  }

  /** Whether the user is or ever was a member. */
  wasMember(conversation: ConversationAggregate, user: string): boolean {
    return this.#sql.wasMember.get(user, conversation.ref) !== undefined;
  }

  answer(key: string, head: RecordHead): KeptAnswer | undefined {
    if (!this.#hasAnswers) return undefined;
    const row = this.#sql.answer.get(head.id, head.author, key);
    if (row === undefined) return undefined;
    const at = Number(row['at']);
    // Nothing but `keepAnswer` writes here, so the code is one of the table.
    return row['code'] === null ? { seq: Number(row['seq']), at } : { code: String(row['code']) as ErrorCode, at };
  }

  keepAnswer(key: string, head: RecordHead, answer: KeptAnswer): void {
    const [code, seq] = 'code' in answer ? [answer.code, null] : [null, answer.seq];
    this.#sql.keepAnswer.run(head.id, head.author, key, code, seq, answer.at);
    this.#hasAnswers = true;
  }

  userName(user: string): string | undefined {
    const known = this.#names.get(user);
    if (known !== undefined) return known;
    const name = this.#sql.userName.get(user)?.['name'];
    if (typeof name !== 'string') return undefined;
    if (this.#names.size >= MOST_AGGREGATES) this.#names.clear();
    this.#names.set(user, name);
    return name;
  }

  nameUser(user: string, name: string): void {
    this.#sql.nameUser.run(user, name, foldForSearch(name));
    this.#names.set(user, name);
  }

  /** False when what is there is as far or farther. */
  advanceRead(conversation: string, user: string, seq: number): boolean {
    return this.#sql.advanceRead.run(conversation, user, seq).changes !== 0;
  }

  #keep(aggregate: ConversationAggregate): ConversationAggregate {
    if (this.#aggregates.size >= MOST_AGGREGATES) {
      // The one loaded longest ago; if it is busy it comes back with its next record.
      for (const id of this.#aggregates.keys()) {
        this.#aggregates.delete(id);
        break;
      }
    }
    this.#aggregates.set(aggregate.id, aggregate);
    return aggregate;
  }
}

/** Names that people would call equal compare equal, whatever their case. */
export function foldForSearch(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

export function asBytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const sql = (text: string): StatementSync => database.prepare(text);
  return {
    conversation: sql('SELECT ref, name, visibility, invite FROM conversations WHERE id = ?'),
    head: sql('SELECT max(seq) AS head FROM entries WHERE conversation = ?'),
    members: sql('SELECT user, joined FROM memberships WHERE conversation = ? AND ended IS NULL'),
    createDirect: sql('INSERT INTO conversations (id, member_count) VALUES (?, ?)'),
    createRoom: sql('INSERT INTO conversations (id, name, search, visibility) VALUES (?, ?, ?, ?)'),
    insertEntry: sql(`INSERT INTO entries (conversation, seq, kind, id, author, at, body) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id, author, conversation) DO NOTHING`),
    findEntry: sql('SELECT kind, seq, at, body FROM entries WHERE id = ? AND author = ? AND conversation = ?'),
    rename: sql('UPDATE conversations SET name = ?, search = ? WHERE ref = ?'),
    setInvite: sql('UPDATE conversations SET invite = ? WHERE ref = ?'),
    countMembers: sql('UPDATE conversations SET member_count = ? WHERE ref = ?'),
    join: sql(`INSERT INTO memberships (user, conversation, joined) VALUES (?, ?, ?)
      ON CONFLICT (user, conversation) DO UPDATE SET joined = excluded.joined, ended = NULL`),
    leave: sql('UPDATE memberships SET ended = ? WHERE user = ? AND conversation = ?'),
    wasMember: sql('SELECT 1 FROM memberships WHERE user = ? AND conversation = ?'),
    answer: sql('SELECT code, seq, at FROM answers WHERE id = ? AND author = ? AND key = ?'),
    anyAnswer: sql('SELECT 1 FROM answers LIMIT 1'),
    keepAnswer: sql('INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'),
    probe: sql(`INSERT OR REPLACE INTO meta VALUES ('probe', hex(zeroblob(?)))`),
    endProbe: sql(`DELETE FROM meta WHERE name = 'probe'`),
    userName: sql('SELECT name FROM users WHERE id = ?'),
    nameUser: sql(`INSERT INTO users VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, search = excluded.search`),
    advanceRead: sql(`INSERT INTO reads VALUES (?, ?, ?)
      ON CONFLICT (conversation, user) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq`),
  };
}
