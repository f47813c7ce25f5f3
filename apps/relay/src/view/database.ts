/**
 * The view's file: SQLite, disposable. What cannot be used (another epoch, another layout, damaged) is put aside under a
 * name that says why, and the node rebuilds it from the log.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LogPositions } from '../log/log.ts';

/** Bump it when a table or what a record means for it changes: the view is then rebuilt. */
const LAYOUT = 4;

const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- Next offset to apply, and the rolling hash of everything applied before it.
  CREATE TABLE positions (topic TEXT, partition INTEGER, next INTEGER NOT NULL, hash INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)) WITHOUT ROWID;
  CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT NOT NULL, search TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX users_by_name ON users (search, id);
  -- The id is spelled once; everything else refers to it by number, which differs between nodes.
  CREATE TABLE conversations (ref INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, search TEXT, visibility TEXT,
    invite TEXT, member_count INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX rooms_by_name ON conversations (search, id) WHERE visibility = 'public';
  CREATE TABLE memberships (user TEXT, conversation INTEGER, joined INTEGER NOT NULL, ended INTEGER,
    PRIMARY KEY (user, conversation)) WITHOUT ROWID;
  CREATE INDEX members ON memberships (conversation, user, joined) WHERE ended IS NULL;
  -- Appended to, never clustered by conversation: one page takes many conversations' entries, and the indexes stay small.
  CREATE TABLE entries (conversation INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
    author TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE UNIQUE INDEX entries_by_seq ON entries (conversation, seq);
  -- Ids are ordered by time, so this index grows at its end.
  CREATE UNIQUE INDEX entries_by_id ON entries (id, author, conversation);
  -- Answers to what became no entry: refused with a code, or pointed to an entry that was there. A retry gets them again.
  CREATE TABLE answers (id TEXT, author TEXT, key TEXT, code TEXT, seq INTEGER, at INTEGER NOT NULL,
    PRIMARY KEY (id, author, key)) WITHOUT ROWID;
  CREATE TABLE reads (conversation TEXT, user TEXT, seq INTEGER NOT NULL, PRIMARY KEY (conversation, user)) WITHOUT ROWID;
`;

export interface OpenedView {
  database: DatabaseSync;
  positions: LogPositions;
  /** Why the file that was there is not used. Absent when it is, or when there was none. */
  rebuiltBecause?: string;
}

/**
 * Opens the view of this epoch, or begins an empty one.
 * @param file Path, or `:memory:`.
 */
export function openView(file: string, epoch: string, partitions: { log: number; state: number }): OpenedView {
  if (file === ':memory:' || !existsSync(file)) return create(file, epoch, partitions);
  const reason = inspect(file, epoch, partitions);
  if (reason === undefined) {
    const database = connect(file);
    database.exec(`DELETE FROM meta WHERE name = 'clean'`);
    return { database, positions: readPositions(database, partitions) };
  }
  putAside(file, reason);
  return { ...create(file, epoch, partitions), rebuiltBecause: reason };
}

/** Closes the file; one that is whole is trusted by the next start without being read. */
export function closeView(database: DatabaseSync, { isWhole }: { isWhole: boolean }): void {
  try {
    if (isWhole) database.exec(`INSERT OR REPLACE INTO meta VALUES ('clean', '1')`);
  } catch {
    // A full disk: the next start reads the file once more.
  }
  database.close();
}

function create(file: string, epoch: string, partitions: { log: number; state: number }): OpenedView {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const database = connect(file);
  database.exec('BEGIN');
  database.exec(SCHEMA);
  const meta = database.prepare('INSERT INTO meta VALUES (?, ?)');
  meta.run('layout', String(LAYOUT));
  meta.run('epoch', epoch);
  const position = database.prepare('INSERT INTO positions VALUES (?, ?, 0, 0)');
  for (const topic of ['log', 'state'] as const) {
    for (let partition = 0; partition < partitions[topic]; partition += 1) position.run(topic, partition);
  }
  database.exec('COMMIT');
  return { database, positions: readPositions(database, partitions) };
}

function connect(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  // WAL with `normal` survives a killed process whole and a lost machine without damage; what the last moment brought is
  // then read from the log again, because the positions travel in the same transaction.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;
    PRAGMA locking_mode = EXCLUSIVE;`);
  return database;
}

/** Undefined when the file is a whole view of this epoch, else what is wrong with it. */
function inspect(file: string, epoch: string, partitions: { log: number; state: number }): string | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    const meta = new Map(
      database
        .prepare('SELECT name, value FROM meta')
        .all()
        .map((row) => [row['name'], row['value']]),
    );
    if (meta.get('layout') !== String(LAYOUT)) return 'layout';
    if (meta.get('epoch') !== epoch) return 'epoch';
    const counts = database.prepare('SELECT topic, count(*) AS count FROM positions GROUP BY topic').all();
    for (const row of counts)
      if (row['count'] !== partitions[row['topic'] === 'log' ? 'log' : 'state']) return 'partitions';
    // It reads the whole file: only where the last process did not get to close it.
    if (meta.get('clean') === '1') return undefined;
    const check = database.prepare('PRAGMA quick_check(1)').get();
    return check?.['quick_check'] === 'ok' ? undefined : 'damaged';
  } catch {
    return 'damaged';
  } finally {
    database?.close();
  }
}

/** Keeps one file of each reason for whoever wants to look, and the disk from filling up. */
function putAside(file: string, reason: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const aside = `${file}.${reason}${suffix}`;
    rmSync(aside, { force: true });
    if (existsSync(file + suffix)) renameSync(file + suffix, aside);
  }
}

function readPositions(database: DatabaseSync, partitions: { log: number; state: number }): LogPositions {
  const positions: LogPositions = { log: Array(partitions.log).fill(0), state: Array(partitions.state).fill(0) };
  for (const row of database.prepare('SELECT topic, partition, next FROM positions').all()) {
    const topic = row['topic'] === 'log' ? positions.log : positions.state;
    topic[Number(row['partition'])] = Number(row['next']);
  }
  return positions;
}
