/** What a client tells and gets no answer to: read positions, typing, idleness, whom it watches. */
import { type ClientFrameOf, directMembers, ROOM_SMALL_MAX_MEMBERS } from '@parley/protocol';
import type { Session } from './session.ts';

export function handleRead(session: Session, frame: ClientFrameOf<'read'>): void {
  const { environment, log, queries } = session.services;
  const access = queries.access(session.user, frame.conversation);
  if (access?.isMember !== true) return;
  const seq = Math.min(frame.seq, access.upTo);
  // A client says it again after each reconnect.
  if (seq <= queries.readUpTo(session.user, frame.conversation)) return;
  // A lost read position comes again with the next one, or after a reconnect.
  log.putState(`${session.user}|read|${frame.conversation}`, Buffer.from(String(seq))).catch((error: unknown) => {
    environment.logger.debug({ err: error }, 'a read position was not written');
  });
}

export function handleTyping(session: Session, frame: ClientFrameOf<'typing'>): void {
  const { log, queries, typingLimits } = session.services;
  if (typingLimits.take(session.user, 1) > 0) return;
  const access = queries.access(session.user, frame.conversation);
  // A conversation of two may be typed into before its first message makes it.
  const mayBegin = access === undefined && directMembers(frame.conversation)?.includes(session.user) === true;
  if (!mayBegin && access?.isMember !== true) return;
  if ((access?.conversation.room?.members.size ?? 0) > ROOM_SMALL_MAX_MEMBERS) return;
  log.publish({ kind: 'typing', key: frame.conversation, body: Buffer.from(session.user) });
}

export function handleIdle(session: Session, frame: ClientFrameOf<'idle'>): void {
  session.idle = frame.idle;
  if (session.isOpen) session.services.presence.setIdle(session.user, session.id, frame.idle);
}

export function handleWatch(session: Session, frame: ClientFrameOf<'watch'>): void {
  session.services.broadcast.watch(session, { lobby: frame.lobby, users: frame.users });
}
