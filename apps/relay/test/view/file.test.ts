import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeView, openView } from '../../src/view/database.ts';

const PARTITIONS = { log: 2, state: 1 };

describe("the view's file", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'parley-view-'));
    file = join(folder, 'deep', 'view.sqlite');
    const { database, positions, rebuiltBecause } = openView(file, 'e_1', PARTITIONS);
    expect(positions).toEqual({ log: [0, 0], state: [0] });
    expect(rebuiltBecause).toBeUndefined();
    database.exec(`UPDATE positions SET next = 7 WHERE topic = 'log' AND partition = 1`);
    database.exec(`INSERT INTO users VALUES ('u_1', 'Ann', 'ann')`);
    database.close();
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function expectPutAside(opened: ReturnType<typeof openView>, reason: string): void {
    expect(opened.rebuiltBecause).toBe(reason);
    expect(opened.positions.log.every((next) => next === 0)).toBe(true);
    expect(opened.database.prepare('SELECT count(*) AS count FROM users').get()).toEqual({ count: 0 });
    expect(existsSync(`${file}.${reason}`)).toBe(true);
    opened.database.close();
    const again = openView(file, 'e_1', PARTITIONS);
    again.database.close();
  }

  it('is used again where it left off', () => {
    const { database, positions, rebuiltBecause } = openView(file, 'e_1', PARTITIONS);
    expect(positions).toEqual({ log: [0, 7], state: [0] });
    expect(rebuiltBecause).toBeUndefined();
    expect(database.prepare('SELECT name FROM users').get()).toEqual({ name: 'Ann' });
    database.close();
  });

  it('is read whole at the start only when it was not closed well', () => {
    const clean = (): unknown => {
      const database = new DatabaseSync(file);
      const row = database.prepare(`SELECT value FROM meta WHERE name = 'clean'`).get();
      database.close();
      return row?.['value'];
    };
    closeView(openView(file, 'e_1', PARTITIONS).database, { isWhole: true });
    expect(clean()).toBe('1');
    openView(file, 'e_1', PARTITIONS).database.close();
    expect(clean()).toBeUndefined();
  });

  it('is put aside when the log is another one', () => {
    expectPutAside(openView(file, 'e_2', PARTITIONS), 'epoch');
  });

  it('is put aside when the log has other partitions', () => {
    expectPutAside(openView(file, 'e_1', { log: 3, state: 1 }), 'partitions');
  });

  it('is put aside when another build laid it out', () => {
    const database = new DatabaseSync(file);
    database.exec(`UPDATE meta SET value = '0' WHERE name = 'layout'`);
    database.close();
    expectPutAside(openView(file, 'e_1', PARTITIONS), 'layout');
  });

  it.each([
    ['no database', () => writeFileSync(file, 'this is not a database, but it is long enough to look at')],
    ['empty', () => truncateSync(file, 0)],
    ['cut in half', () => truncateSync(file, Math.floor(readFileSync(file).length / 2 / 4096) * 4096)],
    [
      'overwritten in its middle',
      () => {
        const bytes = readFileSync(file);
        bytes.fill(0xff, 4096, bytes.length);
        writeFileSync(file, bytes);
      },
    ],
  ])('is put aside when it is damaged: %s', (_, damage) => {
    damage();
    expectPutAside(openView(file, 'e_1', PARTITIONS), 'damaged');
  });

  it('keeps one file a reason, so that a disk does not fill up', () => {
    for (const epoch of ['e_2', 'e_3', 'e_4']) openView(file, epoch, PARTITIONS).database.close();
    expect(existsSync(`${file}.epoch`)).toBe(true);
    expect(existsSync(`${file}.epoch.epoch`)).toBe(false);
  });

  it('takes nothing over from the write-ahead file of one that was put aside', () => {
    const killed = openView(file, 'e_1', PARTITIONS);
    killed.database.exec(`INSERT INTO users VALUES ('u_2', 'Bob', 'bob')`);
    writeFileSync(`${file}.copy-wal`, readFileSync(`${file}-wal`));
    killed.database.close();
    writeFileSync(`${file}-wal`, readFileSync(`${file}.copy-wal`));
    const opened = openView(file, 'e_2', PARTITIONS);
    expect(opened.rebuiltBecause).toBe('epoch');
    expect(opened.database.prepare('SELECT count(*) AS count FROM users').get()).toEqual({ count: 0 });
    opened.database.close();
  });
});
