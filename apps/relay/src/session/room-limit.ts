import { type ClientFrameOf, ROOMS_MAX_PER_USER } from '@parley/protocol';
import type { Session } from './session.ts';

/**
 * Refuses to make or join one room more than a user may be in, and says whether it did. Here and not in the log: the reducer
 * decides by what the record's own conversation tells, and in how many others the author is depends on how a node interleaves
 * partitions. So it is never the answer for good: a repeat gets the one in the log, if there is one.
 */
export function refuseForRooms(session: Session, frame: ClientFrameOf<'createRoom' | 'joinRoom'>): boolean {
  const { id, conversation } = frame;
  if ((session.rooms?.size ?? 0) < ROOMS_MAX_PER_USER) return false;
  // Who is in it already asks again, and is answered as the first time.
  if (session.services.queries.access(session.user, conversation)?.isMember === true) return false;
  session.refuse({ code: 'too_many_rooms' }, { id });
  return true;
}
