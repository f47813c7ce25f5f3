import type { AuditEventOf } from '../events.ts';
import type { History, Operation } from '../history.ts';

/** To join where one is a member already becomes no entry: it is answered with the number of the first joining. */
export function isRepeatedJoin({ epoch, reference }: History, operation: Operation, ok: AuditEventOf<'ok'>): boolean {
  if (operation.kind !== 'joinRoom') return false;
  // Of a log that is no more, nobody can tell.
  if (ok.epoch !== epoch) return true;
  const place = reference.conversations.get(ok.conversation)?.[ok.seq - 1];
  if (place === undefined || place.author !== operation.author) return false;
  return place.kind === 'memberJoined' || place.kind === 'roomCreated';
}
