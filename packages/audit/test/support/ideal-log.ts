/** The log of an ideal run, and what every node makes of it. */
import type { AuditEventOf } from '../../src/index.ts';
import { type Draft, EPOCH, type IdealEntry, NODES, type Stage } from './ideal-stage.ts';

interface IdealConversation {
  id: string;
  entries: IdealEntry[];
  visibility: 'public' | 'private' | undefined;
  /** From where each member sees, and up to where once they left. */
  seen: Map<string, { from: number; to: number }>;
}

const PARTITIONS = 4;

export class IdealLog {
  readonly #run: Stage;
  readonly #conversations = new Map<string, IdealConversation>();
  readonly #records: AuditEventOf<'record'>[] = [];
  readonly #ends = Array<number>(PARTITIONS).fill(0);

  constructor(run: Stage) {
    this.#run = run;
  }

  /** Writes a record; returns the entry that it became, or the one that answers a repeat. */
  append(conversation: string, author: string, draft: Draft & { id: string }): { entry: IdealEntry; isNew: boolean } {
    const found = this.#find(conversation, draft);
    this.#record(conversation, author, draft);
    const same = found.entries.find(({ id }) => id === draft.id);
    if (same !== undefined) return { entry: same, isNew: false };
    const isIn = this.isMember(conversation, author);
    if (draft.kind === 'memberJoined' && isIn) {
      const from = found.entries.findLast((entry) => entry.author === author && entersWith(entry))!;
      return { entry: from, isNew: false };
    }
    const entry = { ...draft, author, seq: found.entries.length + 1 };
    found.entries.push(entry);
    if (entersWith(entry)) {
      const from = found.visibility === 'private' ? entry.seq : 1;
      found.seen.set(author, { from, to: Number.POSITIVE_INFINITY });
    } else if (entry.kind === 'memberLeft') found.seen.get(author)!.to = entry.seq;
    return { entry, isNew: true };
  }

  /** A record that the reducer refuses. */
  appendRefused(conversation: string, author: string, draft: Draft & { id: string }): void {
    this.#record(conversation, author, draft);
  }

  isMember(conversation: string, user: string): boolean {
    return this.#conversations.get(conversation)?.seen.get(user)?.to === Number.POSITIVE_INFINITY;
  }

  wasMember(conversation: string, user: string): boolean {
    return this.#conversations.get(conversation)?.seen.has(user) === true;
  }

  conversationsOf(user: string): string[] {
    return [...this.#conversations.values()].filter(({ seen }) => seen.has(user)).map(({ id }) => id);
  }

  /** What the user may see, and how the conversation is described to them. */
  visible(conversation: string, user: string): { entries: IdealEntry[]; head: number; hiddenUpTo: number } {
    const { entries, seen } = this.#conversations.get(conversation)!;
    const { from, to } = seen.get(user)!;
    const head = Math.min(to, entries.length);
    return { entries: entries.slice(from - 1, head), head, hiddenUpTo: from - 1 };
  }

  dump(): void {
    const at = this.#run.now;
    for (const record of this.#records) this.#run.write({ ...record, at });
    for (const node of NODES) {
      for (const [partition, next] of this.#ends.entries()) {
        const hash = `h${partition}.${next}`;
        this.#run.write({ type: 'position', at, node, epoch: EPOCH, topic: 'log', partition, next, hash });
      }
      for (const { id, entries } of this.#conversations.values()) {
        const held = entries.map((entry): [number, string, string] => [entry.seq, entry.id, entry.author]);
        this.#run.write({ type: 'view', at, node, epoch: EPOCH, conversation: id, entries: held });
      }
    }
  }

  #find(id: string, { visibility }: Draft): IdealConversation {
    let found = this.#conversations.get(id);
    if (found === undefined) {
      found = { id, entries: [], visibility, seen: new Map() };
      this.#conversations.set(id, found);
      const two = id.startsWith('d_') ? [`u_${id.slice(2, 24)}`, `u_${id.slice(24)}`] : [];
      for (const user of two) found.seen.set(user, { from: 1, to: Number.POSITIVE_INFINITY });
    }
    return found;
  }

  #record(key: string, author: string, draft: Draft & { id: string }): void {
    const partition = key.charCodeAt(5) % PARTITIONS;
    const offset = this.#ends[partition]!;
    this.#ends[partition] = offset + 1;
    this.#records.push({ type: 'record', at: 0, epoch: EPOCH, partition, offset, key, author, ...draft });
  }
}

const entersWith = ({ kind }: IdealEntry): boolean => kind === 'roomCreated' || kind === 'memberJoined';
