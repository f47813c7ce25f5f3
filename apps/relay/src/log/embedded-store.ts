/** The file of the embedded log: what SQLite holds and how it is opened. Synchronous; knows no queue and no handler. */
import { DatabaseSync } from 'node:sqlite';
import { errorText } from './error-text.ts';
import { LogRefusedError, type Topic } from './log.ts';
import { encodeHead, type LoggedRecord, type RecordDraft } from './record.ts';

// 'Parl': tells our file from another program's database.
const APPLICATION_ID = 0x5061726c;
const FORMAT = 1;

const SCHEMA = `
  CREATE TABLE log (offset INTEGER PRIMARY KEY, key TEXT NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE TABLE state (offset INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;
  CREATE TABLE dead (
    id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
    key TEXT NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE probe (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
`;

// As much as a full commit may need, so that a probe that fits means that appends fit.
const PROBE_BYTES = 256 * 1024;

/** Something to write: a record of the log, or the newest value of a key. */
export type Write = { topic: 'log'; draft: RecordDraft } | { topic: 'state'; key: string; body: Uint8Array };

interface DeadLetter {
  partition: number;
  record: LoggedRecord;
  reason: string;
}

export interface EmbeddedStore {
  /** Offset that the next write of a topic gets. */
  end(topic: Topic): number;
  /**
   * Writes everything durably or nothing, and answers the records with their offsets. When it throws, nothing was
   * written, except after an UncertainCommitError: then `end` tells.
   */
  commit(writes: readonly Write[]): { log: LoggedRecord[]; state: LoggedRecord[] };
  /** Up to `limit` records from `from` on, all before `before`. */
  read(topic: Topic, from: number, range: { before: number; limit: number }): LoggedRecord[];
  bury(letter: DeadLetter): void;
  /** Moves what was committed into the main file; costs an fsync. */
  checkpoint(): void;
  /** Throws when the disk takes no more. */
  probe(): void;
  close(): void;
}

/**
 * @param options.maxBytes Size at which the file is full; appends then fail as on a full disk.
 * @throws LogRefusedError when the file is in use, damaged, or not a log. Nothing is changed then.
 */
export function openEmbeddedStore(
  file: string,
  options: { genesis: () => RecordDraft; maxBytes?: number | undefined },
): EmbeddedStore {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    prepareFile(db, file, options);
    return storeOf(db);
  } catch (error) {
    if (db?.isOpen === true) db.close();
    throw refusalOf(error, file);
  }
}

function prepareFile(
  db: DatabaseSync,
  file: string,
  { genesis, maxBytes }: { genesis: () => RecordDraft; maxBytes?: number | undefined },
): void {
  // Exclusive before WAL: a second process then cannot even read, and no shared memory file is needed.
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  const tables = numberOf(db, 'SELECT count(*) AS value FROM sqlite_schema');
  const application = numberOf(db, 'SELECT application_id AS value FROM pragma_application_id');
  const format = numberOf(db, 'SELECT user_version AS value FROM pragma_user_version');
  if (tables > 0 && application !== APPLICATION_ID) throw new LogRefusedError(`${file} is not a log of Parley`);
  if (format > FORMAT) throw new LogRefusedError(`${file} has format ${format}, this build reads up to ${FORMAT}`);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0');
  if (maxBytes !== undefined) {
    const pageBytes = numberOf(db, 'SELECT page_size AS value FROM pragma_page_size');
    db.exec(`PRAGMA max_page_count = ${Math.floor(maxBytes / pageBytes)}`);
  }
  db.exec('BEGIN IMMEDIATE');
  if (tables === 0) {
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; ${SCHEMA}`);
    const { key, head, body } = genesis();
    db.prepare('INSERT INTO log (offset, key, head, body) VALUES (0, ?, ?, ?)').run(key, encodeHead(head), body);
  }
  db.exec('COMMIT');
}

function storeOf(db: DatabaseSync): EmbeddedStore {
  const insertLog = db.prepare('INSERT INTO log (offset, key, head, body) VALUES (?, ?, ?, ?)');
  const putState = db.prepare('INSERT OR REPLACE INTO state (offset, key, body) VALUES (?, ?, ?)');
  const insertDead = db.prepare(
    'INSERT INTO dead (partition, offset, key, head, body, reason) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const readLog = db.prepare('SELECT * FROM log WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?');
  const readState = db.prepare(
    "SELECT offset, key, '' AS head, body FROM state WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?",
  );
  const begin = db.prepare('BEGIN IMMEDIATE');
  const commit = db.prepare('COMMIT');
  // The newest value of a key takes the end of the order, so the highest offset is never freed.
  const ends = { log: 0, state: 0 };
  const readEnds = (): void => {
    ends.log = numberOf(db, 'SELECT coalesce(max(offset) + 1, 0) AS value FROM log');
    ends.state = numberOf(db, 'SELECT coalesce(max(offset) + 1, 0) AS value FROM state');
  };
  readEnds();

  function write(writes: readonly Write[]): { log: LoggedRecord[]; state: LoggedRecord[] } {
    const done: { log: LoggedRecord[]; state: LoggedRecord[] } = { log: [], state: [] };
    for (const item of writes) {
      const offset = ends[item.topic] + done[item.topic].length;
      if (item.topic === 'log') {
        const record = { offset, key: item.draft.key, head: encodeHead(item.draft.head), body: item.draft.body };
        insertLog.run(offset, record.key, record.head, record.body);
        done.log.push(record);
      } else {
        putState.run(offset, item.key, item.body);
        done.state.push({ offset, key: item.key, head: '', body: item.body });
      }
    }
    return done;
  }

  return {
    end: (topic) => ends[topic],
    commit(writes) {
      begin.run();
      let done;
      try {
        done = write(writes);
      } catch (error) {
        rollBack(db);
        throw error;
      }
      try {
        commitOrRollBack(db, () => commit.run());
      } catch (error) {
        if (error instanceof UncertainCommitError) readEnds();
        throw error;
      }
      ends.log += done.log.length;
      ends.state += done.state.length;
      return done;
    },
    read: (topic, from, { before, limit }) =>
      (topic === 'log' ? readLog : readState).all(from, before, limit).map(recordOf),
    bury({ partition, record, reason }) {
      insertDead.run(partition, record.offset, record.key, record.head, record.body, reason);
    },
    checkpoint: () => db.exec('PRAGMA wal_checkpoint(PASSIVE)'),
    probe() {
      db.prepare('INSERT OR REPLACE INTO probe (id, body) VALUES (1, zeroblob(?))').run(PROBE_BYTES);
      db.exec('DELETE FROM probe');
    },
    close: () => db.close(),
  };
}

/** `COMMIT` failed in a way that no rollback could undo: its records may be there. */
export class UncertainCommitError extends Error {
  override readonly name = 'UncertainCommitError';
}

function commitOrRollBack(db: DatabaseSync, commit: () => void): void {
  try {
    commit();
  } catch (error) {
    // Still inside the transaction: the commit did not happen. Outside: its frames may be in the WAL.
    if (db.isTransaction && rollBack(db)) throw error;
    throw new UncertainCommitError(errorText(error), { cause: error });
  }
}

function rollBack(db: DatabaseSync): boolean {
  try {
    // SQLite itself rolls back on some errors (disk full, I/O).
    if (db.isTransaction) db.exec('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

function recordOf(row: Record<string, unknown>): LoggedRecord {
  const { offset, key, head, body } = row;
  if (
    typeof offset !== 'number' ||
    typeof key !== 'string' ||
    typeof head !== 'string' ||
    !(body instanceof Uint8Array)
  )
    throw new TypeError('the log file holds a row of another shape');
  return { offset, key, head, body };
}

function numberOf(db: DatabaseSync, query: string): number {
  const value = db.prepare(query).get()?.['value'];
  if (typeof value !== 'number') throw new TypeError(`no number from ${query}`);
  return value;
}

// https://sqlite.org/rescode.html: primary codes, in the low byte.
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const CANTOPEN = 14;
const NOTADB = 26;

function refusalOf(error: unknown, file: string): unknown {
  if (error instanceof LogRefusedError || !(error instanceof Error)) return error;
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
  if (code === BUSY || code === LOCKED)
    return new LogRefusedError(`${file} is in use by another process; a log in one file serves one node`);
  if (code === CORRUPT || code === NOTADB)
    return new LogRefusedError(
      `${file} is damaged or not a log (${error.message}); nothing was changed: restore it from a copy, or move it away to begin anew`,
    );
  if (code === CANTOPEN)
    return new LogRefusedError(`${file} cannot be opened (${error.message}): the directory must exist and be writable`);
  return error;
}
