/** Turns stored or freshly applied entries into what the wire shows. The only place where an entry's body is decoded. */
import type { Entry, EntryKind } from '@parley/protocol';
import { decodeBody } from '../log/record.ts';
import type { Metrics } from '../metrics.ts';

export interface StoredEntry {
  seq: number;
  kind: string;
  id: string;
  author: string;
  at: number;
  body: Uint8Array;
}

/** @throws Error when the view holds what the reducer never lets in: the file is damaged. */
export function toEntry(stored: StoredEntry, metrics: Metrics): Entry {
  metrics.decoded += 1;
  const { seq, id, author, at, body } = stored;
  const common = { seq, id, author, at };
  const kind = stored.kind as Exclude<EntryKind, 'unknown'>;
  switch (kind) {
    case 'message':
      return { kind, ...common, text: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8') };
    case 'roomCreated': {
      const created = decodeBody('roomCreated', body);
      if ('bad' in created) break;
      return { kind, ...common, name: created.name, visibility: created.visibility };
    }
    case 'roomRenamed': {
      const renamed = decodeBody('roomRenamed', body);
      if ('bad' in renamed) break;
      return { kind, ...common, name: renamed.name };
    }
    case 'memberJoined':
    case 'memberLeft':
    case 'inviteReplaced':
      return { kind, ...common };
    default:
      kind satisfies never;
  }
  throw new Error(`the view holds an entry that cannot be read: kind ${stored.kind}, seq ${seq}`);
}
