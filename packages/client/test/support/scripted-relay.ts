import {
  type ClientFrame,
  type ClientFrameOf,
  type ClientFrameType,
  type Conversation,
  type ConversationId,
  decodeClientFrame,
  encodeRelayFrame,
  type Entry,
  type RelayFrame,
  type User,
  type UserId,
} from '@parley/protocol';
import type { OpenSocket, SocketEvents } from '../../src/socket.ts';
import { settle } from './fake-clock.ts';

export const ALICE: User = { id: 'u_AAAAAAAAAAAAAAAAAAAAAA', name: 'Alice' };
export const BOB: User = { id: 'u_BBBBBBBBBBBBBBBBBBBBBA', name: 'Bob' };
export const DIRECT: ConversationId = `d_${ALICE.id.slice(2)}${BOB.id.slice(2)}`;
export const ROOM: ConversationId = 'r_RRRRRRRRRRRRRRRRRRRRRA';

/** The other end of one socket: it says what the test tells it to, in real frames. */
export class ScriptedSocket {
  readonly received: ClientFrame[] = [];
  readonly token: string | undefined;
  closedWith: number | undefined;
  /** A test may cut the way up without the client noticing. */
  isDeaf = false;
  readonly #events: SocketEvents;

  constructor(events: SocketEvents, token: string | undefined) {
    this.#events = events;
    this.token = token;
  }

  take(text: string): void {
    const decoded = decodeClientFrame(text);
    if (!decoded.ok) throw new Error(`the client sent ${decoded.code}: ${decoded.detail}`);
    if (!this.isDeaf) this.received.push(decoded.frame);
    const { frame } = decoded;
    if (frame.type === 'ping' && !this.isDeaf) queueMicrotask(() => this.say({ type: 'pong', n: frame.n }));
  }

  say(...frames: RelayFrame[]): void {
    for (const frame of frames) this.#events.onText(encodeRelayFrame(frame));
  }

  sayText(text: string): void {
    this.#events.onText(text);
  }

  async open(): Promise<void> {
    this.#events.onOpen();
    await settle();
  }

  /** Ends it from the relay's side. */
  async end(code = 1006): Promise<void> {
    this.#events.onClose(code);
    await settle();
  }

  /** Opens, welcomes and catches up, with `replay` in between. */
  async greet(...replay: RelayFrame[]): Promise<void> {
    await this.open();
    this.say(welcome(), ...replay, { type: 'caughtUp' });
    await settle();
  }

  of<Type extends ClientFrameType>(type: Type): ClientFrameOf<Type>[] {
    return this.received.filter((frame): frame is ClientFrameOf<Type> => frame.type === type);
  }

  last<Type extends ClientFrameType>(type: Type): ClientFrameOf<Type> {
    const frame = this.of(type).at(-1);
    if (frame === undefined)
      throw new Error(`no ${type} came; ${this.received.map((each) => each.type).join(' ')} did`);
    return frame;
  }
}

/** Where the client's sockets end. */
export class ScriptedRelay {
  readonly sockets: ScriptedSocket[] = [];

  readonly openSocket: OpenSocket = ({ token }, events) => {
    const socket = new ScriptedSocket(events, token);
    this.sockets.push(socket);
    return {
      send: (text) => socket.take(text),
      close: (code) => (socket.closedWith ??= code),
    };
  };

  get last(): ScriptedSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error('the client opened no socket');
    return socket;
  }
}

export function welcome(more: Partial<Extract<RelayFrame, { type: 'welcome' }>> = {}): RelayFrame {
  return { type: 'welcome', version: 1, epoch: 'e1', node: 'n1', me: ALICE, at: Date.UTC(2026, 10, 24), ...more };
}

export function messageAt(seq: number, author: UserId = BOB.id): Entry {
  const id = `01920000-0000-7000-8000-${seq.toString(16).padStart(12, '0')}`;
  return { kind: 'message', seq, id, author, at: Date.UTC(2026, 10, 23) + seq, text: `message ${seq}` };
}

export function range(from: number, to: number, author?: UserId): Entry[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => messageAt(from + at, author));
}

export function entries(from: number, to: number, conversation: ConversationId = DIRECT): RelayFrame {
  return { type: 'entries', conversation, entries: range(from, to), users: [BOB] };
}

export function summary(head: number, more: Partial<Conversation> = {}): RelayFrame {
  const direct: Conversation = {
    kind: 'direct',
    id: DIRECT,
    peer: BOB.id,
    head,
    hiddenUpTo: 0,
    readUpTo: 0,
    reads: [],
    ...(head > 0 && { last: messageAt(head) }),
  };
  return { type: 'conversations', conversations: [Object.assign(direct, more)], users: [BOB] };
}

export function roomSummary(head: number, more: Partial<Extract<Conversation, { kind: 'room' }>> = {}): RelayFrame {
  const room: Conversation = {
    kind: 'room',
    id: ROOM,
    name: 'Tea',
    visibility: 'public',
    memberCount: 2,
    joined: true,
    head,
    hiddenUpTo: 0,
    readUpTo: 0,
    reads: [],
    ...more,
  };
  return { type: 'conversations', conversations: [room], users: [] };
}
