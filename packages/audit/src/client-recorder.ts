/**
 * Writes down what a client sends, gets and shows. It sits between the client and its sockets, and listens to the client's
 * events: the wire tells what came, the client tells what of it was new.
 */
import type { ChatClient, ClientEvent, OpenSocket, SocketEvents } from '@parley/client';
import { decodeClientFrame, decodeRelayFrame, type Entry, type RelayFrame, type RelayFrameOf } from '@parley/protocol';
import type { AuditEvent, AuditEventOf } from './events.ts';
import { hashText } from './hash-text.ts';

export interface RecorderOptions {
  readonly client: string;
  readonly user: string;
  readonly device: string;
  readonly process: string;
  /** Milliseconds on the clock that all writers of the history share. */
  readonly now: () => number;
  readonly write: (event: AuditEvent) => void;
}

type Via = AuditEventOf<'received'>['via'];

export class ClientRecorder {
  readonly #options: RecorderOptions;
  readonly #invoked = new Set<string>();
  /** Handed to a socket, and not answered there yet: by id, the socket. */
  readonly #asked = new Map<string, number>();
  /** What the client holds: by conversation, seqs. */
  #held = new Map<string, Set<number>>();
  #epoch = '';
  #sockets = 0;
  /** The frame that the client is being given. */
  #current: { socket: number; frame: RelayFrame } | undefined;
  #newInFrame = new Set<number>();
  #historySocket = 0;
  #isStale = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { client, user, device, process } = options;
    this.#write({ type: 'client', ...this.#common, client, user, device, process });
  }

  /** Before `start`. */
  listen(client: ChatClient): void {
    client.onEvent((event) => this.#handleEvent(event));
    client.subscribe(() => {
      const { presenceStale } = client.getSnapshot();
      if (presenceStale === this.#isStale) return;
      this.#isStale = presenceStale;
      this.#write({ type: 'stale', ...this.#common, stale: presenceStale });
    });
  }

  /** The user wrote it; call it right after `send`. */
  invoked(id: string, conversation: string, text: string): void {
    this.#invoked.add(id);
    this.#write({ type: 'invoke', ...this.#common, id, conversation, text: hashText(text) });
  }

  watched(lobby: boolean, users: readonly string[]): void {
    this.#write({ type: 'watch', ...this.#common, lobby, users: [...users] });
  }

  /** The socket that is being opened, or was opened last. */
  get newestSocket(): number {
    return this.#sockets;
  }

  /** The relay's side of a socket is gone, from somebody who sees both sides. */
  ended(socket: number): void {
    this.#write({ type: 'ended', ...this.#common, socket });
  }

  gone(): void {
    for (const id of this.#asked.keys()) this.#write({ type: 'info', ...this.#common, id });
    this.#asked.clear();
    this.#write({ type: 'gone', ...this.#common });
  }

  screens(client: ChatClient, final: boolean): void {
    for (const [conversation, { timeline, pending, head, hasEarlier }] of client.getSnapshot().conversations) {
      const rows: [number, string][] = [];
      const holes: [number, number][] = [];
      for (const item of timeline) {
        if (item.type === 'entry') rows.push([item.entry.seq, item.entry.id]);
        else holes.push([item.hole.from, item.hole.to]);
      }
      const waiting = pending.filter(({ status }) => status !== 'failed').map(({ id }) => id);
      const screen = { conversation, rows, holes, pending: waiting, head, earlier: hasEarlier, final };
      this.#write({ type: 'screen', ...this.#common, ...screen });
    }
  }

  /** Puts itself between the client and the sockets that it opens. */
  wrap(open: OpenSocket): OpenSocket {
    return (target, events) => {
      const socket = (this.#sockets += 1);
      let state: 'opening' | 'open' | 'closed' = 'opening';
      const end = (code: number): void => {
        if (state === 'open') this.#closed(socket, code);
        state = 'closed';
      };
      const inner = open(target, {
        ...this.#listening(socket, events),
        onOpen: () => {
          if (state === 'opening') {
            state = 'open';
            this.#write({ type: 'opened', ...this.#common, socket });
          }
          events.onOpen();
        },
        onClose: (code) => {
          end(code);
          events.onClose(code);
        },
      });
      return {
        send: (text) => {
          this.#handleSent(socket, text);
          inner.send(text);
        },
        close: (code) => {
          end(code);
          inner.close(code);
        },
      };
    };
  }

  #listening(socket: number, events: SocketEvents): Pick<SocketEvents, 'onText'> {
    let isCaughtUp = false;
    return {
      onText: (text) => {
        const decoded = decodeRelayFrame(text);
        if (!decoded.ok) {
          events.onText(text);
          return;
        }
        const { frame } = decoded;
        this.#current = { socket, frame };
        this.#newInFrame = new Set();
        this.#handleFrame(socket, frame);
        events.onText(text);
        this.#current = undefined;
        if (frame.type === 'caughtUp') isCaughtUp = true;
        if (frame.type === 'entries') this.#handleEntries(socket, frame, isCaughtUp ? 'live' : 'replay');
      },
    };
  }

  #handleSent(socket: number, text: string): void {
    const decoded = decodeClientFrame(text);
    if (!decoded.ok) return;
    const { frame } = decoded;
    if (frame.type === 'hello') {
      const { epoch, heads = [], device } = frame;
      this.#write({ type: 'hello', ...this.#common, socket, ...(epoch !== undefined && { epoch }), heads, device });
    } else if (frame.type === 'send') {
      for (const { id, text: message } of frame.messages) {
        if (!this.#invoked.has(id)) this.invoked(id, frame.conversation, message);
        this.#asked.set(id, socket);
      }
    } else if ('id' in frame) {
      this.#asked.set(frame.id, socket);
      if (this.#invoked.has(frame.id)) return;
      this.#invoked.add(frame.id);
      const { id, conversation, type: kind } = frame;
      this.#write({ type: 'invoke', ...this.#common, id, conversation, kind });
    }
  }

  #handleFrame(socket: number, frame: RelayFrame): void {
    const common = { ...this.#common, socket };
    if (frame.type === 'welcome') {
      const { node, epoch, resync } = frame;
      if (resync !== undefined || (this.#epoch !== '' && this.#epoch !== epoch)) this.#held = new Map();
      this.#epoch = epoch;
      this.#write({ type: 'welcome', ...common, node, epoch, ...(resync !== undefined && { resync }) });
    } else if (frame.type === 'conversations') {
      for (const { id: conversation, head, hiddenUpTo } of frame.conversations) {
        this.#write({ type: 'claimed', ...common, conversation, head, hiddenUpTo });
      }
    } else if (frame.type === 'hole') {
      const { conversation, from, to } = frame;
      this.#write({ type: 'hole', ...common, conversation, from, to });
    } else if (frame.type === 'caughtUp') {
      this.#write({ type: 'caughtUp', ...common });
    } else if (frame.type === 'ack') {
      this.#ok(frame, 'ack');
    } else if (frame.type === 'error' && frame.id !== undefined) {
      const { id, code, retryable } = frame;
      this.#asked.delete(id);
      this.#write({ type: 'fail', ...this.#common, id, code, retryable });
    } else if (frame.type === 'history') this.#handlePage(socket, frame);
  }

  /** The page is applied a moment later; of what was held already, the client will say nothing. */
  #handlePage(socket: number, { conversation, entries }: RelayFrameOf<'history'>): void {
    this.#historySocket = socket;
    const held = this.#held.get(conversation);
    for (const entry of entries) {
      if (held?.has(entry.seq) === true) this.#received(conversation, entry, { via: 'fetch', socket, isNew: false });
    }
  }

  #handleEntries(socket: number, { conversation, entries }: RelayFrameOf<'entries'>, via: Via): void {
    for (const entry of entries) {
      this.#received(conversation, entry, { via, socket, isNew: this.#newInFrame.has(entry.seq) });
    }
  }

  #handleEvent(event: ClientEvent): void {
    if (event.type === 'acked') {
      // The ack itself was told with its frame.
      if (this.#current?.frame.type !== 'ack') this.#ok(event, 'entry');
    } else if (event.type === 'presence') {
      const { user, state } = event.presence;
      this.#write({ type: 'presence', ...this.#common, user, state });
    } else if (event.type === 'entry') this.#handleApplied(event);
  }

  #handleApplied({ conversation, entry, via }: Extract<ClientEvent, { type: 'entry' }>): void {
    const held = this.#held.get(conversation);
    if (held === undefined) this.#held.set(conversation, new Set([entry.seq]));
    else held.add(entry.seq);
    const { frame, socket = 0 } = this.#current ?? {};
    if (via === 'fetch') this.#received(conversation, entry, { via, socket: this.#historySocket, isNew: true });
    else if (frame?.type === 'entries' && frame.conversation === conversation) this.#newInFrame.add(entry.seq);
    else this.#received(conversation, entry, { via: frame?.type === 'ack' ? 'ack' : 'held', socket, isNew: true });
  }

  #received(conversation: string, entry: Entry, how: { via: Via; socket: number; isNew: boolean }): void {
    const { seq, id, author, kind } = entry;
    const { via, socket, isNew } = how;
    const text = entry.kind === 'message' ? { text: hashText(entry.text) } : {};
    const what = { socket, conversation, seq, id, author, kind, ...text, via, ...(!isNew && { again: true as const }) };
    this.#write({ type: 'received', ...this.#common, ...what });
  }

  #ok({ id, conversation, seq }: { id: string; conversation: string; seq: number }, by: 'ack' | 'entry'): void {
    this.#asked.delete(id);
    this.#write({ type: 'ok', ...this.#common, id, conversation, seq, epoch: this.#epoch, by });
  }

  #closed(socket: number, code: number): void {
    for (const [id, on] of this.#asked) {
      if (on !== socket) continue;
      this.#asked.delete(id);
      this.#write({ type: 'info', ...this.#common, id });
    }
    this.#write({ type: 'closed', ...this.#common, socket, code });
  }

  get #common(): { at: number; client: string } {
    return { at: this.#options.now(), client: this.#options.client };
  }

  #write(event: AuditEvent): void {
    this.#options.write(event);
  }
}
