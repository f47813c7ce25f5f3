/** The first record of a log: it gives the log its identity, the epoch. */
import { type BodyOf, decodeBody, decodeHead, encodeBody, makeHead, type RecordDraft } from './record.ts';
import { makeOperationId, makeToken } from '@parley/protocol';
import type { Clock, Random } from '@parley/protocol/environment';

export type Genesis = BodyOf<'genesis'>;

/** Key of every genesis record; it is no conversation and no user. */
export const GENESIS_KEY = 'genesis';

// A record has an author; this one has none, and no user gets an id of zeros.
const NOBODY = `u_${'A'.repeat(22)}`;

/** A genesis with a fresh epoch. Several nodes may write one; the lowest offset of partition 0 counts. */
export function makeGenesis(
  partitions: { log: number; state: number },
  { clock, random }: { clock: Clock; random: Random },
): RecordDraft {
  return {
    key: GENESIS_KEY,
    head: makeHead('genesis', { id: makeOperationId(clock, random), author: NOBODY, at: clock.wallMs() }),
    body: encodeBody<'genesis'>({ epoch: makeToken(random), partitions }),
  };
}

/** What a record says as a genesis; undefined for any other record. */
export function readGenesis(record: { head: string; body: Uint8Array }): Genesis | undefined {
  const head = decodeHead(record.head);
  if ('bad' in head || head.kind !== 'genesis') return undefined;
  const body = decodeBody('genesis', record.body);
  return 'bad' in body ? undefined : body;
}
