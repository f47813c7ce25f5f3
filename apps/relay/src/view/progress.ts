/**
 * How far a view has come: next offset and rolling hash of each partition. In memory it moves with every record; its rows
 * are written in the transaction that holds what those records brought.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import type { LogPositions, Topic } from '../log/log.ts';
import type { LoggedRecord } from '../log/record.ts';
import type { Outcome } from './reducer.ts';

const TOPICS = ['log', 'state'] as const;

export class Progress {
  readonly positions: LogPositions = { log: [], state: [] };
  readonly #hashes: Record<Topic, number[]> = { log: [], state: [] };
  readonly #moved: Record<Topic, Set<number>> = { log: new Set(), state: new Set() };
  readonly #read: StatementSync;
  readonly #write: StatementSync;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT topic, partition, next, hash FROM positions');
    this.#write = database.prepare('UPDATE positions SET next = ?, hash = ? WHERE topic = ? AND partition = ?');
    this.load();
  }

  /** Back to what the rows say. */
  load(): void {
    for (const row of this.#read.all()) {
      const topic = row['topic'] === 'log' ? 'log' : 'state';
      this.positions[topic][Number(row['partition'])] = Number(row['next']);
      this.#hashes[topic][Number(row['partition'])] = Number(row['hash']);
    }
    for (const topic of TOPICS) this.#moved[topic].clear();
  }

  /** Writes the rows of what has moved. Called inside the transaction. */
  save(): void {
    for (const topic of TOPICS) {
      for (const partition of this.#moved[topic]) {
        const hash = this.#hashes[topic][partition] ?? 0;
        this.#write.run(this.positions[topic][partition] ?? 0, hash, topic, partition);
      }
      this.#moved[topic].clear();
    }
  }

  has(topic: Topic, partition: number, record: LoggedRecord): boolean {
    return record.offset < (this.positions[topic][partition] ?? 0);
  }

  passLog(partition: number, record: LoggedRecord, outcome: Outcome): void {
    const seq = outcome.type === 'entry' || outcome.type === 'repeat' ? outcome.seq : 0;
    const code = outcome.type === 'refused' ? outcome.code : outcome.type;
    const line = `${record.offset} ${record.key} ${record.head} ${code} ${seq} `;
    this.#hashes.log[partition] = crc32(record.body, crc32(line, this.#hashes.log[partition] ?? 0));
    this.#pass('log', partition, record);
  }

  passState(partition: number, record: LoggedRecord): void {
    this.#pass('state', partition, record);
  }

  /** By partition of the log. Equal offsets must show equal hashes on every node. */
  report(): { partition: number; next: number; hash: string }[] {
    return this.positions.log.map((next, partition) => ({
      partition,
      next,
      hash: (this.#hashes.log[partition] ?? 0).toString(16).padStart(8, '0'),
    }));
  }

  #pass(topic: Topic, partition: number, record: LoggedRecord): void {
    this.positions[topic][partition] = record.offset + 1;
    this.#moved[topic].add(partition);
  }
}

export function copyOf(positions: LogPositions): LogPositions {
  return { log: [...positions.log], state: [...positions.state] };
}

/** Records before these ends that are not applied yet. */
export function lagBehind(ends: LogPositions, positions: LogPositions): number {
  let lag = 0;
  for (const topic of TOPICS) {
    for (const [partition, end] of ends[topic].entries()) lag += Math.max(0, end - (positions[topic][partition] ?? 0));
  }
  return lag;
}
