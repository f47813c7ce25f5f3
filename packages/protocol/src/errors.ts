/**
 * The one table of everything that can be refused. `closeCode` is null where only the frame is refused and the socket
 * lives on; otherwise its range instructs the client, as in RFC 6455 §7.4.2's private range:
 * 4000–4499 come back (with back-off), 4500–4999 stop, coming back would end the same way.
 */
export const ERRORS = {
  malformed_frame: {
    closeCode: null,
    retryable: false,
    meaning: 'Not JSON, nested too deep, or not text: the frame was dropped.',
  },
  unknown_frame: { closeCode: null, retryable: false, meaning: 'The frame has a type that this relay does not know.' },
  invalid_frame: {
    closeCode: null,
    retryable: false,
    meaning: 'A known frame with missing, unknown or wrong fields; `detail` names the first.',
  },
  hello_expected: { closeCode: 4500, retryable: false, meaning: 'The first frame was not `hello`.' },
  hello_repeated: { closeCode: null, retryable: false, meaning: 'The socket has already said `hello`.' },
  hello_timeout: { closeCode: 4000, retryable: true, meaning: 'No `hello` within HELLO_TIMEOUT_MS.' },
  version_unsupported: {
    closeCode: 4501,
    retryable: false,
    meaning: 'The relay and the client share no protocol version.',
  },
  session_expired: {
    closeCode: 4502,
    retryable: false,
    meaning: 'The sign-in has ended: sign in again.',
  },
  too_many_bad_frames: {
    closeCode: 4503,
    retryable: false,
    meaning: 'More refused frames than an honest client could send.',
  },
  heartbeat_lost: { closeCode: 4002, retryable: true, meaning: 'The client did not answer pings; it may resume.' },
  node_unready: { closeCode: 4003, retryable: true, meaning: 'This node fell behind the log; another one serves.' },
  internal: {
    closeCode: null,
    retryable: true,
    meaning: 'The relay failed to handle the frame; the cause is in its log.',
  },
  log_unavailable: {
    closeCode: null,
    retryable: true,
    meaning: 'The log cannot be written now. The message was not accepted.',
  },
  rate_limited: { closeCode: null, retryable: true, meaning: 'Too many in too short a time; wait `retryAfterMs`.' },
  not_found: {
    closeCode: null,
    retryable: false,
    meaning: 'No such conversation, or none that this user may see: the answers are equal.',
  },
  not_a_member: { closeCode: null, retryable: false, meaning: 'The user was no member at that place of the sequence.' },
  already_exists: { closeCode: null, retryable: false, meaning: 'The room id is taken.' },
  invite_invalid: {
    closeCode: null,
    retryable: false,
    meaning: 'The invite link was replaced or never was one of this room.',
  },
  too_many_rooms: {
    closeCode: null,
    retryable: true,
    meaning: 'The user is in ROOMS_MAX_PER_USER rooms: it may succeed after leaving one.',
  },
  idempotency_conflict: {
    closeCode: null,
    retryable: false,
    meaning: 'The id was already used for something else in this conversation.',
  },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  /** Close code of the WebSocket, or null when only the frame is refused. */
  closeCode: number | null;
  /** Whether the same request can succeed later. */
  retryable: boolean;
  meaning: string;
}

export type ErrorCode = keyof typeof ERRORS;

export const ERROR_CODES = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];

/** Close codes of RFC 6455 and its IANA registry: done; a frame over FRAME_MAX_BYTES; the node drains. */
export const CLOSE_NORMAL = 1000;
export const CLOSE_TOO_LARGE = 1009;
export const CLOSE_DRAINING = 1012;

/**
 * Whether a client that was closed with this code should connect again. Not after CLOSE_TOO_LARGE: what was too large is
 * still in its outbox.
 */
export function shouldReconnect(closeCode: number): boolean {
  return closeCode !== CLOSE_TOO_LARGE && (closeCode < 4500 || closeCode > 4999);
}
