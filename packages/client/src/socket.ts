/** A WebSocket as the client needs it: text out, text in, and an end. */
export interface SocketLike {
  /** Only called between `onOpen` and `onClose`. */
  send(text: string): void;
  /** Ends the socket. The client listens to nothing that comes after. */
  close(code: number): void;
}

export interface SocketEvents {
  onOpen(): void;
  onText(text: string): void;
  /** Once, at the end, whether it ever opened or not; 1006 when no close frame came. */
  onClose(code: number): void;
}

export interface SocketTarget {
  /** `ws:` or `wss:`. */
  readonly url: string;
  /** Goes into an `Authorization: Bearer` header. */
  readonly token?: string;
}

/** Starts to open a socket; the events come later, never within the call. */
export type OpenSocket = (target: SocketTarget, events: SocketEvents) => SocketLike;

// Node's WebSocket (undici) takes headers in the second argument; the DOM's type knows only subprotocols there.
type HeaderWebSocket = new (url: string, init: { headers: Record<string, string> }) => WebSocket;

/** The platform's WebSocket: browsers (which send the session's cookie by themselves) and Node 22 or newer. */
export const openPlatformSocket: OpenSocket = ({ url, token }, events) => {
  const socket =
    token === undefined
      ? new WebSocket(url)
      : new (WebSocket as unknown as HeaderWebSocket)(url, { headers: { authorization: `Bearer ${token}` } });
  socket.addEventListener('open', () => events.onOpen());
  socket.addEventListener('message', ({ data }) => {
    // The protocol has text frames only.
    if (typeof data === 'string') events.onText(data);
  });
  // An `error` is always followed by `close`, and says less.
  socket.addEventListener('error', () => undefined);
  socket.addEventListener('close', ({ code }) => events.onClose(code));
  return { send: (text) => socket.send(text), close: (code) => socket.close(code) };
};
