/**
 * What is written to the log on a session's behalf. Whether it is allowed is decided by the reducer; here only that is
 * refused which this node already knows to be refused, so that it never reaches the log.
 */
import { type ClientFrameOf, directMembers, makeToken } from '@parley/protocol';
import { encodeBody, RECORD_VERSION, type RecordDraft, type RecordKind } from '../log/record.ts';
import { peerOf } from '../view/queries.ts';
import { RETRY_AFTER_MS } from './operations.ts';
import type { Refusal } from './services.ts';
import type { Session } from './session.ts';

type RoomFrame = ClientFrameOf<'createRoom' | 'renameRoom' | 'joinRoom' | 'leaveRoom' | 'replaceInvite'>;

export function handleSend(session: Session, frame: ClientFrameOf<'send'>): void {
  const { conversation, messages } = frame;
  const write = (refusal: Refusal | undefined): void => {
    for (const { id, text } of messages) {
      const refused = unlessAnswered(session, { refusal, conversation, id });
      if (refused !== undefined) session.refuse(refused, { id });
      else run(session, draft(session, { kind: 'message', key: conversation, id, body: Buffer.from(text) }));
    }
  };
  const limited = takeOperations(session, messages.length);
  if (limited === undefined) void decide(session, () => refusalToWrite(session, conversation), write);
  else for (const { id } of messages) session.refuse(limited, { id });
}

export function handleRoomOperation(session: Session, frame: RoomFrame): void {
  const { id, conversation: key } = frame;
  const write = (refusal: Refusal | undefined): void => {
    const refused = unlessAnswered(session, { refusal, conversation: key, id });
    if (refused !== undefined) session.refuse(refused, { id });
    else run(session, draft(session, { key, id, ...recordOf(session, frame) }));
  };
  const limited = takeOperations(session, 1);
  if (limited === undefined) void decide(session, () => refusalOfRoom(session, frame), write);
  else session.refuse(limited, { id });
}

// This view may be behind: what it would refuse may be right, or be in the log already, sent by way of another node. Refused and
// there all the same is what must not be, so it is looked at again when everything that is in the log by now is applied.
async function decide(
  session: Session,
  refusalNow: () => Refusal | undefined,
  write: (refusal: Refusal | undefined) => void,
): Promise<void> {
  const { applier, log } = session.services;
  const refusal = refusalNow();
  if (refusal === undefined) {
    write(undefined);
    return;
  }
  const isApplied = await log.ends().then(
    (ends) => applier.reached(ends).then(() => true),
    () => false,
  );
  // Meanwhile the node may have stopped, and its view with it; nobody waits for the answer then.
  if (session.state === 'closed') return;
  write(isApplied ? refusalNow() : { code: 'log_unavailable', retryAfterMs: RETRY_AFTER_MS });
}

function recordOf(session: Session, frame: RoomFrame): { kind: RecordKind; body: Uint8Array } {
  switch (frame.type) {
    case 'createRoom':
      return {
        kind: 'roomCreated',
        body: encodeBody<'roomCreated'>({ name: frame.name, visibility: frame.visibility }),
      };
    case 'renameRoom':
      return { kind: 'roomRenamed', body: encodeBody<'roomRenamed'>({ name: frame.name }) };
    case 'joinRoom':
      return {
        kind: 'memberJoined',
        body: encodeBody<'memberJoined'>(frame.invite === undefined ? {} : { invite: frame.invite }),
      };
    case 'leaveRoom':
      return { kind: 'memberLeft', body: encodeBody<'memberLeft'>({}) };
    case 'replaceInvite':
      return {
        kind: 'inviteReplaced',
        body: encodeBody<'inviteReplaced'>({ invite: makeToken(session.services.environment.random) }),
      };
  }
}

function draft(session: Session, record: { kind: RecordKind; key: string; id: string; body: Uint8Array }): RecordDraft {
  const { kind, key, id, body } = record;
  const at = session.services.environment.clock.wallMs();
  return { key, head: { version: RECORD_VERSION, kind, id, author: session.user, at: Math.floor(at) }, body };
}

function run(session: Session, record: RecordDraft): void {
  const { key: conversation, head } = record;
  void session.services.operations.run(record).then((result) => {
    if (result.ok) session.reply({ type: 'ack', id: head.id, conversation, seq: result.seq, at: result.at });
    else {
      const { code, retryAfterMs } = result;
      session.refuse(retryAfterMs === undefined ? { code } : { code, retryAfterMs }, { id: head.id });
    }
  });
}

/** What was answered once is answered alike again, by the reducer, even if it would be refused by now. */
function unlessAnswered(
  session: Session,
  operation: { refusal: Refusal | undefined; conversation: string; id: string },
): Refusal | undefined {
  const { refusal, conversation, id } = operation;
  if (refusal === undefined) return undefined;
  return session.services.queries.isAnswered(session.user, conversation, id) ? undefined : refusal;
}

/** Answers are equal for what does not exist and for what this user may not see. */
function refusalToWrite(session: Session, conversation: string): Refusal | undefined {
  const { queries } = session.services;
  const members = directMembers(conversation);
  if (members === undefined) {
    const access = queries.access(session.user, conversation);
    if (access === undefined) return { code: 'not_found' };
    return access.isMember ? undefined : { code: 'not_a_member' };
  }
  if (!members.includes(session.user) || queries.user(peerOf(members, session.user)) === undefined)
    return { code: 'not_found' };
  return undefined;
}

function refusalOfRoom(session: Session, frame: RoomFrame): Refusal | undefined {
  const room = session.services.queries.conversation(frame.conversation)?.room;
  switch (frame.type) {
    case 'createRoom':
      // A repeat of one's own creation is for the reducer to recognise.
      return undefined;
    case 'joinRoom':
      if (room === undefined) return { code: 'not_found' };
      if (room.visibility === 'public' || room.members.has(session.user)) return undefined;
      if (frame.invite === undefined) return { code: 'not_found' };
      return frame.invite === room.invite ? undefined : { code: 'invite_invalid' };
    case 'renameRoom':
    case 'leaveRoom':
    case 'replaceInvite':
      return refusalToWrite(session, frame.conversation);
  }
}

function takeOperations(session: Session, count: number): Refusal | undefined {
  if (!session.checkExpiry()) return { code: 'session_expired' };
  const retryAfterMs = session.services.userLimits.take(session.user, count);
  return retryAfterMs === 0 ? undefined : { code: 'rate_limited', retryAfterMs };
}
