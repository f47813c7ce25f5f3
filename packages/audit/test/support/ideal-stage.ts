/** What the parts of an ideal run share. */
import type { AuditEvent } from '../../src/index.ts';

export const EPOCH = 'e_1';
export const NODES = ['relay-1', 'relay-2', 'relay-3'];

export interface Draft {
  kind: string;
  text?: string;
  visibility?: 'public' | 'private';
  invite?: string;
}

export interface IdealEntry extends Draft {
  seq: number;
  id: string;
  author: string;
}

/** A client that is connected. */
export interface Listener {
  readonly user: string;
  describe(conversation: string): void;
  push(conversation: string, entry: IdealEntry): void;
}

export interface Stage {
  now: number;
  write(event: AuditEvent): void;
  pick<Item>(items: readonly Item[]): Item;
  nextId(): string;
  connected(): readonly Listener[];
  users(): Iterable<string>;
  userCameOrWent(user: string): void;
  isHere(user: string): boolean;
}
