import {
  type ClientFrame,
  type Conversation,
  type ConversationId,
  decodeClientFrame,
  encodeRelayFrame,
  type Entry,
  type RelayFrame,
  type UserId,
} from '@parley/protocol';
import type { Clock, Random } from '@parley/protocol/environment';
import type { OpenSocket, SocketEvents } from '../../src/socket.ts';
import { ALICE } from './scripted-relay.ts';

const REPLAY_MOST = 20;

/**
 * A log and the delivery contract in their shortest form, behind a network that delays, cuts, and loses what is under way:
 * enough to see whether a client loses, doubles or reorders. The real relay is tested with the client in its own package.
 */
export class ToyRelay {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logs = new Map<ConversationId, Entry[]>();
  readonly #sessions = new Set<ToySession>();
  epoch = 'e1';

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  get isConnected(): boolean {
    return [...this.#sessions].some((session) => session.isGreeted);
  }

  readonly openSocket: OpenSocket = (_target, events) => {
    const session = new ToySession(events, { clock: this.#clock, random: this.#random });
    session.later(() => {
      this.#sessions.add(session);
      events.onOpen();
    });
    return {
      send: (text) => session.arrive(() => this.#handle(session, text)),
      close: () => {
        session.isCut = true;
        this.#sessions.delete(session);
      },
    };
  };

  log(conversation: ConversationId): Entry[] {
    const log = this.#logs.get(conversation) ?? [];
    this.#logs.set(conversation, log);
    return log;
  }

  /** Appends, unless the id is there; pushes to everybody, now and then with a frame lost from the middle. */
  append(conversation: ConversationId, author: UserId, message: { id: string; text: string }): Entry {
    const log = this.log(conversation);
    const known = log.find((entry) => entry.author === author && entry.id === message.id);
    if (known !== undefined) return known;
    const entry: Entry = { kind: 'message', seq: log.length + 1, author, at: this.#clock.wallMs(), ...message };
    log.push(entry);
    const isDropped = this.#random.float() < 0.05;
    for (const session of this.#sessions) {
      if (session.isGreeted && !isDropped) session.say({ type: 'entries', conversation, entries: [entry], users: [] });
    }
    return entry;
  }

  cut(): void {
    for (const session of this.#sessions) session.cut();
    this.#sessions.clear();
  }

  goAway(): void {
    for (const session of this.#sessions)
      session.say({ type: 'goaway', delayMs: Math.floor(this.#random.float() * 500) });
  }

  #handle(session: ToySession, text: string): void {
    const decoded = decodeClientFrame(text);
    if (!decoded.ok) throw new Error(decoded.detail);
    const { frame } = decoded;
    if (frame.type === 'hello') this.#greet(session, frame);
    if (frame.type === 'send') this.#take(session, frame);
    if (frame.type === 'ping') session.say({ type: 'pong', n: frame.n });
    if (frame.type !== 'history') return;
    const { request, conversation, before, after = 0, limit } = frame;
    const entries = this.log(conversation).filter(({ seq }) => seq > after && seq < before);
    session.say({ type: 'history', request, conversation, entries: entries.slice(-limit), users: [] });
  }

  #greet(session: ToySession, hello: Extract<ClientFrame, { type: 'hello' }>): void {
    const isForeign = hello.epoch !== undefined && hello.epoch !== this.epoch;
    const heads = new Map(isForeign ? [] : hello.heads);
    session.say({
      type: 'welcome',
      version: 1,
      epoch: this.epoch,
      node: 'toy',
      me: ALICE,
      at: this.#clock.wallMs(),
      ...(isForeign && { resync: 'epoch' }),
    });
    for (const [conversation, log] of this.#logs) {
      const head = heads.get(conversation);
      if (head === undefined) session.say(summaryOf(conversation, log.length));
      else this.#replay(session, conversation, head);
    }
    session.say({ type: 'caughtUp' });
    session.isGreeted = true;
  }

  #replay(session: ToySession, conversation: ConversationId, head: number): void {
    const log = this.log(conversation);
    const from = Math.max(head + 1, log.length - REPLAY_MOST + 1);
    if (from > head + 1) session.say({ type: 'hole', conversation, from: head + 1, to: from - 1 });
    const entries = log.slice(from - 1);
    if (entries.length > 0) session.say({ type: 'entries', conversation, entries, users: [] });
  }

  #take(session: ToySession, { conversation, messages }: Extract<ClientFrame, { type: 'send' }>): void {
    if (this.#random.float() < 0.1) {
      for (const { id } of messages) {
        session.say({ type: 'error', code: 'log_unavailable', retryable: true, id, retryAfterMs: 50 });
      }
      return;
    }
    for (const message of messages) {
      const { id, seq, at } = this.append(conversation, ALICE.id, message);
      if (this.#random.float() < 0.95) session.say({ type: 'ack', id, conversation, seq, at });
    }
  }
}

/** One connection: both directions keep their order, and everything under way is lost at the cut. */
class ToySession {
  isGreeted = false;
  isCut = false;
  readonly #events: SocketEvents;
  readonly #clock: Clock;
  readonly #random: Random;
  #freeAt = { up: 0, down: 0 };

  constructor(events: SocketEvents, { clock, random }: { clock: Clock; random: Random }) {
    this.#events = events;
    this.#clock = clock;
    this.#random = random;
  }

  say(frame: RelayFrame): void {
    this.#schedule('down', () => this.#events.onText(encodeRelayFrame(frame)));
  }

  arrive(handle: () => void): void {
    this.#schedule('up', handle);
  }

  later(open: () => void): void {
    this.#schedule('down', open);
  }

  cut(): void {
    if (this.isCut) return;
    this.isCut = true;
    this.#clock.setTimer(() => this.#events.onClose(1006), 1);
  }

  #schedule(way: 'up' | 'down', run: () => void): void {
    const now = this.#clock.monotonicMs();
    this.#freeAt[way] = Math.max(this.#freeAt[way], now + this.#random.float() * 40);
    this.#clock.setTimer(() => this.isCut || run(), this.#freeAt[way] - now);
  }
}

function summaryOf(id: ConversationId, head: number): RelayFrame {
  const common = { head, hiddenUpTo: 0, readUpTo: 0, reads: [] };
  const conversation: Conversation = id.startsWith('d_')
    ? { kind: 'direct', id, peer: ALICE.id, ...common }
    : { kind: 'room', id, name: 'Tea', visibility: 'public', memberCount: 2, joined: true, ...common };
  return { type: 'conversations', conversations: [conversation], users: [] };
}
