/**
 * What is written to the log on a session's behalf. Whether it is allowed is decided by the reducer, at the operation's
 * place in the log, so that every node and every repeat answers alike. Here only that is refused which no place in the
 * log could allow; what depends on more than the reducer may read becomes a refusal in the log.
 */
import { type ClientFrameOf, directMembers, makeToken } from '@parley/protocol';
import { encodeBody, makeHead, type RecordDraft, type RecordKind, VERSION_OF_KIND } from '../log/record.ts';
import { peerOf } from '../view/queries.ts';
import { RETRY_AFTER_MS } from './operations.ts';
import type { Refusal } from './services.ts';
import type { Session } from './session.ts';

const NOT_NOW: Refusal = { code: 'log_unavailable', retryAfterMs: RETRY_AFTER_MS };

type RoomFrame = ClientFrameOf<'createRoom' | 'renameRoom' | 'joinRoom' | 'leaveRoom' | 'replaceInvite'>;

export function handleSend(session: Session, frame: ClientFrameOf<'send'>): void {
  const limited = takeOperations(session, frame.messages.length);
  if (limited !== undefined) {
    refuseAll(session, frame, limited);
    return;
  }
  const peer = peerIn(session, frame.conversation);
  if (peer === null) refuseAll(session, frame, { code: 'not_found' });
  else if (peer === undefined || session.services.queries.user(peer) !== undefined) writeAll(session, frame);
  else sendToNewcomer(session, frame, peer).catch(() => refuseAll(session, frame, NOT_NOW));
}

export function handleRoomOperation(session: Session, frame: RoomFrame): void {
  const { id, conversation: key } = frame;
  const limited = takeOperations(session, 1);
  if (limited === undefined) run(session, draft(session, { key, id, ...recordOf(session, frame) }));
  else session.refuse(limited, { id });
}

/** The other one of a conversation of two, null where the user is none of the two, undefined for a room. */
function peerIn(session: Session, conversation: string): string | null | undefined {
  const members = directMembers(conversation);
  if (members === undefined) return undefined;
  return members.includes(session.user) ? peerOf(members, session.user) : null;
}

/**
 * To a user this node has not heard of. Who is unknown for long, and not there once everything is applied that is in the log
 * by now, is nobody. The refusal goes to the log too: somebody signed in to a log that was made anew is named again when they
 * come back, and a repeat must not slip through then.
 */
async function sendToNewcomer(session: Session, frame: ClientFrameOf<'send'>, peer: string): Promise<void> {
  const { applier, logEnd, newcomers, presence, queries } = session.services;
  const isLongUnknown = newcomers.isLongUnknown(peer);
  if (isLongUnknown) await logEnd.ask().then((ends) => applier.reached(ends));
  // Meanwhile the node may have stopped, and its view with it; nobody waits for the answer then.
  if (session.state === 'closed') return;
  const canRefuse = isLongUnknown && (presence.recordVersion() ?? 0) >= VERSION_OF_KIND.messageRefused;
  if (queries.user(peer) !== undefined) writeAll(session, frame);
  else if (canRefuse) writeRefusals(session, frame);
  else refuseAll(session, frame, { ...NOT_NOW, detail: 'this node has not heard of that user yet' });
}

function writeRefusals(session: Session, { conversation, messages }: ClientFrameOf<'send'>): void {
  const body = encodeBody<'messageRefused'>({ code: 'not_found' });
  for (const { id } of messages) run(session, draft(session, { kind: 'messageRefused', key: conversation, id, body }));
}

function writeAll(session: Session, { conversation, messages }: ClientFrameOf<'send'>): void {
  for (const { id, text } of messages)
    run(session, draft(session, { kind: 'message', key: conversation, id, body: Buffer.from(text) }));
}

function refuseAll(session: Session, { messages }: ClientFrameOf<'send'>, refusal: Refusal): void {
  for (const { id } of messages) session.refuse(refusal, { id });
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
  return { key, head: makeHead(kind, { id, author: session.user, at }), body };
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

function takeOperations(session: Session, count: number): Refusal | undefined {
  if (!session.checkExpiry()) return { code: 'session_expired' };
  const retryAfterMs = session.services.userLimits.take(session.user, count);
  return retryAfterMs === 0 ? undefined : { code: 'rate_limited', retryAfterMs };
}
