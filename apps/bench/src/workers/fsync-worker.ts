/** The baseline of the embedded mode: what the disk alone takes, by SQLite and by hand. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { nowMs, pace } from '../measure/pace.ts';
import { stampedText } from './people.ts';
import { serve } from '@parley/testing';

let file: number | undefined;
let database: DatabaseSync | undefined;
let insert: StatementSync | undefined;

export type FsyncWorker = typeof methods;

const methods = {
  open({ folder }: { folder: string }) {
    file = openSync(join(folder, 'bare-fsync'), 'a');
    const path = join(folder, 'bare-commit.sqlite');
    rmSync(path, { force: true });
    database = new DatabaseSync(path);
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE log (n INTEGER PRIMARY KEY, body TEXT)',
    );
    insert = database.prepare('INSERT INTO log (body) VALUES (?)');
  },

  /** At each turn one `write` with `fsync`, then one commit of one row. Milliseconds each. */
  async run({ rate, seconds, bytes }: { rate: number; seconds: number; bytes: number }) {
    const fsyncMs: number[] = [];
    const commitMs: number[] = [];
    await pace({ rate, seconds }, () => {
      const text = stampedText(nowMs(), bytes);
      const startMs = nowMs();
      writeSync(file ?? 0, text);
      fsyncSync(file ?? 0);
      const middleMs = nowMs();
      insert?.run(text);
      fsyncMs.push(middleMs - startMs);
      commitMs.push(nowMs() - middleMs);
    });
    return { fsyncMs: Float64Array.from(fsyncMs), commitMs: Float64Array.from(commitMs) };
  },

  close() {
    if (file !== undefined) closeSync(file);
    database?.close();
  },
};

serve(methods);
