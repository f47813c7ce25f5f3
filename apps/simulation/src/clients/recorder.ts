/** Writes down what a client sends, gets and shows, for the checker. Sits between the client and its sockets, and listens to its events. */
import { type AuditEvent, type AuditEventOf, hashText } from '@parley/audit';
import type { ChatClient, SocketEvents, SocketLike } from '@parley/client';
import { type ClientFrame, type Entry, type RelayFrame } from '@parley/protocol';

export interface RecorderOptions {
  client: string;
  user: string;
  device: string;
  now: () => number;
  write: (event: AuditEvent) => void;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #invoked = new Set<string>();
  /** Asked on a socket and not answered there yet. */
  readonly #asked = new Map<string, number>();
  /** Held, as far as the wire tells: `conversation seq`. */
  #seen = new Set<string>();
  #epoch = '';
  #sockets = 0;
  /** The frame at hand, and the socket that brought it. */
  #current: { socket: number; type: RelayFrame['type'] } = { socket: 0, type: 'pong' };
  /** What the frame at hand changed: `conversation seq`. */
  #changed = new Set<string>();
  #historySocket = 0;
  #hasPresenceNews = true;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { client, user, device } = options;
    this.#write({ type: 'client', client, user, device, process: client, at: options.now() });
  }

  listen(client: ChatClient): void {
    let stale: boolean | undefined;
    let isOnline = false;
    client.onEvent((event) => {
      const common = this.#common();
      if (event.type === 'connection') isOnline = event.connection.status === 'online';
      if (event.type === 'acked' && this.#current.type !== 'ack') {
        const { id, conversation, seq } = event;
        this.#asked.delete(id);
        this.#write({ type: 'ok', ...common, id, conversation, seq, epoch: this.#epoch, by: 'entry' });
      } else if (event.type === 'entry') {
        this.#applied(event.conversation, event.entry, event.via);
      } else if (event.type === 'presence') {
        const { user, state } = event.presence;
        this.#write({ type: 'presence', ...common, user, state });
      }
    });
    client.subscribe(() => {
      // Reading a snapshot makes it, so it is read only where this may have changed.
      if (isOnline && !this.#hasPresenceNews) return;
      this.#hasPresenceNews = false;
      const { presenceStale } = client.getSnapshot();
      if (presenceStale === stale) return;
      stale = presenceStale;
      this.#write({ type: 'stale', ...this.#common(), stale });
    });
  }

  invoked(id: string, conversation: string, text: string): void {
    this.#invoked.add(id);
    this.#write({ type: 'invoke', ...this.#common(), id, conversation, text: hashText(text) });
  }

  watched(lobby: boolean, users: readonly string[]): void {
    this.#write({ type: 'watch', ...this.#common(), lobby, users: [...users] });
  }

  gone(): void {
    for (const id of this.#asked.keys()) this.#write({ type: 'info', ...this.#common(), id });
    this.#asked.clear();
    this.#write({ type: 'gone', ...this.#common() });
  }

  screens(client: ChatClient, final: boolean): void {
    for (const [conversation, { timeline, pending, head, hasEarlier }] of client.getSnapshot().conversations) {
      const rows = timeline.flatMap((item): [number, string][] =>
        item.type === 'entry' ? [[item.entry.seq, item.entry.id]] : [],
      );
      const holes = timeline.flatMap((item): [number, number][] =>
        item.type === 'hole' ? [[item.hole.from, item.hole.to]] : [],
      );
      this.#write({
        type: 'screen',
        ...this.#common(),
        conversation,
        rows,
        holes,
        pending: pending.flatMap(({ id, status }) => (status === 'failed' ? [] : [id])),
        head,
        earlier: hasEarlier,
        final,
      });
    }
  }

  /** Puts itself between a socket and the client. */
  wrap(events: SocketEvents, open: (events: SocketEvents) => SocketLike): SocketLike {
    const socket = (this.#sockets += 1);
    let isCaughtUp = false;
    let isClosed = true;
    const closed = (code: number): void => {
      if (isClosed) return;
      isClosed = true;
      this.#closed(socket, code);
    };
    const inner = open({
      onOpen: () => {
        isClosed = false;
        this.#write({ type: 'opened', ...this.#common(), socket });
        events.onOpen();
      },
      onText: (text) => {
        const frame = JSON.parse(text) as RelayFrame;
        const before = this.#current;
        this.#current = { socket, type: frame.type };
        this.#changed = new Set();
        if (frame.type === 'presence' || frame.type === 'welcome') this.#hasPresenceNews = true;
        if (!isClosed) this.#takeFrame(socket, frame);
        events.onText(text);
        if (!isClosed && frame.type === 'entries')
          for (const entry of frame.entries) this.#arrived(frame.conversation, entry, isCaughtUp ? 'live' : 'replay');
        if (frame.type === 'caughtUp') isCaughtUp = true;
        this.#current = { socket: before.socket, type: 'pong' };
      },
      onClose: (code) => {
        closed(code);
        events.onClose(code);
      },
    });
    return {
      send: (text) => {
        this.#sendFrame(socket, JSON.parse(text) as ClientFrame);
        inner.send(text);
      },
      close: (code) => {
        closed(code);
        inner.close(code);
      },
    };
  }

  #sendFrame(socket: number, frame: ClientFrame): void {
    const common = this.#common();
    if (frame.type === 'hello') {
      const { epoch, heads = [] } = frame;
      this.#write({ type: 'hello', ...common, socket, ...(epoch !== undefined && { epoch }), heads });
    } else if (frame.type === 'send') {
      for (const { id, text } of frame.messages) {
        if (!this.#invoked.has(id)) this.invoked(id, frame.conversation, text);
        this.#asked.set(id, socket);
      }
    } else if ('id' in frame) {
      if (!this.#invoked.has(frame.id)) {
        this.#invoked.add(frame.id);
        this.#write({ type: 'invoke', ...common, id: frame.id, conversation: frame.conversation, kind: frame.type });
      }
      this.#asked.set(frame.id, socket);
    }
  }

  #takeFrame(socket: number, frame: RelayFrame): void {
    const common = this.#common();
    switch (frame.type) {
      case 'welcome': {
        const { node, epoch, resync } = frame;
        if (resync !== undefined || (this.#epoch !== '' && this.#epoch !== epoch)) this.#seen = new Set();
        this.#epoch = epoch;
        this.#write({ type: 'welcome', ...common, socket, node, epoch, ...(resync !== undefined && { resync }) });
        break;
      }
      case 'conversations':
        for (const { id: conversation, head, hiddenUpTo } of frame.conversations)
          this.#write({ type: 'claimed', ...common, socket, conversation, head, hiddenUpTo });
        break;
      case 'hole':
        this.#write({
          type: 'hole',
          ...common,
          socket,
          conversation: frame.conversation,
          from: frame.from,
          to: frame.to,
        });
        break;
      case 'caughtUp':
        this.#write({ type: 'caughtUp', ...common, socket });
        break;
      case 'history':
        // The page is applied a moment later; what was held before is no news.
        this.#historySocket = socket;
        for (const entry of frame.entries)
          if (this.#seen.has(`${frame.conversation} ${entry.seq}`))
            this.#received(frame.conversation, entry, { via: 'fetch', socket, again: true });
        break;
      case 'ack': {
        const { id, conversation, seq } = frame;
        this.#asked.delete(id);
        this.#write({ type: 'ok', ...common, id, conversation, seq, epoch: this.#epoch, by: 'ack' });
        break;
      }
      case 'error':
        if (frame.id !== undefined) {
          this.#asked.delete(frame.id);
          this.#write({ type: 'fail', ...common, id: frame.id, code: frame.code, retryable: frame.retryable });
        }
        break;
      default:
    }
  }

  /** The client took it: by the frame at hand, by a page, by an ack, or from what it had put aside. */
  #applied(conversation: string, entry: Entry, how: 'live' | 'replay' | 'fetch'): void {
    const place = `${conversation} ${entry.seq}`;
    this.#seen.add(place);
    const { type, socket } = this.#current;
    if (how === 'fetch')
      this.#received(conversation, entry, { via: 'fetch', socket: this.#historySocket, again: false });
    else if (type === 'entries') this.#changed.add(place);
    else this.#received(conversation, entry, { via: type === 'ack' ? 'ack' : 'held', socket, again: false });
  }

  #arrived(conversation: string, entry: Entry, via: 'live' | 'replay'): void {
    const again = !this.#changed.has(`${conversation} ${entry.seq}`);
    this.#received(conversation, entry, { via, socket: this.#current.socket, again });
  }

  #received(
    conversation: string,
    entry: Entry,
    how: { via: AuditEventOf<'received'>['via']; socket: number; again: boolean },
  ): void {
    const { seq, id, author, kind } = entry;
    const { via, socket, again } = how;
    this.#write({
      type: 'received',
      ...this.#common(),
      socket,
      conversation,
      seq,
      id,
      author,
      kind,
      via,
      ...(entry.kind === 'message' && { text: hashText(entry.text) }),
      ...(again && { again: true as const }),
    });
  }

  #closed(socket: number, code: number): void {
    for (const [id, on] of this.#asked) {
      if (on !== socket) continue;
      this.#asked.delete(id);
      this.#write({ type: 'info', ...this.#common(), id });
    }
    this.#write({ type: 'closed', ...this.#common(), socket, code });
  }

  #common(): { at: number; client: string } {
    return { at: this.#options.now(), client: this.#options.client };
  }

  #write(event: AuditEvent): void {
    this.#options.write(event);
  }
}
