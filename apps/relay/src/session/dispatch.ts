/** Which frame goes where. Every frame type has its line; the compiler misses none. */
import type { ClientFrame } from '@parley/protocol';
import { handleHello } from './hello.ts';
import { handleRoomOperation, handleSend } from './commands.ts';
import { handleHistory, handleInvite, handleMembers, handlePeople, handleRooms } from './questions.ts';
import { refuseForRooms } from './room-limit.ts';
import type { Session } from './session.ts';
import { handleIdle, handleRead, handleTyping, handleWatch } from './tidings.ts';

export function dispatch(session: Session, frame: ClientFrame): void {
  if (frame.type === 'hello') {
    handleHello(session, frame);
    return;
  }
  if (session.state === 'expectingHello') {
    session.closeFor('hello_expected');
    return;
  }
  switch (frame.type) {
    case 'ping':
      return session.reply({ type: 'pong', n: frame.n });
    case 'send':
      return handleSend(session, frame);
    case 'createRoom':
    case 'joinRoom':
      return refuseForRooms(session, frame) ? undefined : handleRoomOperation(session, frame);
    case 'renameRoom':
    case 'leaveRoom':
    case 'replaceInvite':
      return handleRoomOperation(session, frame);
    case 'read':
      return handleRead(session, frame);
    case 'typing':
      return handleTyping(session, frame);
    case 'idle':
      return handleIdle(session, frame);
    case 'watch':
      return handleWatch(session, frame);
    case 'history':
      return handleHistory(session, frame);
    case 'people':
      return handlePeople(session, frame);
    case 'rooms':
      return handleRooms(session, frame);
    case 'members':
      return handleMembers(session, frame);
    case 'invite':
      return handleInvite(session, frame);
    default:
      return frame satisfies never;
  }
}
