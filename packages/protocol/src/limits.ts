/**
 * Every limit of the wire, in one place. The page, the client and the relay read the same constants, so a message that
 * the composer lets through is never refused for its size.
 */

/** Longest message text, counted in Unicode code points as people count characters. */
export const TEXT_MAX_CODE_POINTS = 4_000;
/** Longest message text in UTF-8 bytes. No text within the bound above exceeds it; it is what stores and logs may rely on. */
export const TEXT_MAX_BYTES = 16 * 1024;
/** Largest frame in either direction, in UTF-8 bytes. The relay closes with 1009 above it. */
export const FRAME_MAX_BYTES = 64 * 1024;
/** Deepest nesting of arrays and objects in a frame. No frame needs more than 5; the scan runs before the parse. */
export const FRAME_MAX_DEPTH = 8;
/** Longest user or room name in code points. */
export const NAME_MAX_CODE_POINTS = 64;
/** Longest name as typed, before it is normalised, in UTF-16 units. */
export const NAME_MAX_TYPED_UNITS = 1_024;
/** Longest `search` and `cursor` of a question and longest `detail` of an error, in UTF-16 units. */
export const SEARCH_MAX_UNITS = 128;
export const CURSOR_MAX_UNITS = 256;
export const DETAIL_MAX_UNITS = 512;
/** Longest name of a node, in UTF-16 units. */
export const NODE_MAX_UNITS = 128;
/** Most messages in one `send`. */
export const SEND_MAX_MESSAGES = 20;
/** Most heads in one `hello`; the client names its most recent conversations, the rest come as if it held nothing. */
export const HELLO_MAX_HEADS = 800;
/** Most users in one `watch`. */
export const WATCH_MAX_USERS = 500;
/** Most entries in one `history` or `entries` frame. Long texts end a frame sooner: it stays under FRAME_MAX_BYTES. */
export const PAGE_MAX_ENTRIES = 100;
/** Most rows in one page of people, rooms or members. */
export const LIST_MAX_ROWS = 100;
/** Replay after a `hello`: at most this many entries of one conversation … */
export const REPLAY_MAX_PER_CONVERSATION = 200;
/** … and this many in all; what is left out is announced as a `hole` and fetched on demand. */
export const REPLAY_MAX_TOTAL = 1_000;
/** A new socket must say `hello` within this time, in milliseconds. */
export const HELLO_TIMEOUT_MS = 5_000;
/** The client sends `ping` this often, in milliseconds. */
export const PING_INTERVAL_MS = 25_000;
/** Two pings without an answer mean the link is dead; each waits this long, in milliseconds. */
export const PONG_TIMEOUT_MS = 5_000;
/** A sender repeats `typing` at most this often, in milliseconds; a receiver forgets it after twice that. */
export const TYPING_INTERVAL_MS = 3_000;
/** A user stays online this long after the last socket closed, so that a reload shows nobody anything. Milliseconds. */
export const PRESENCE_GRACE_MS = 10_000;
/** A lobby with more people online than this shows only their number; single users are still seen by `watch`. */
export const LOBBY_MAX_PEOPLE = 500;
/** Members of a room above which presence, read positions and typing of single members are no longer pushed. */
export const ROOM_SMALL_MAX_MEMBERS = 200;
/**
 * Rooms that a user may be in. A node counts those it has seen, so a few that are asked for at one moment may come on top. Every
 * session of the user is entered in every one of them.
 */
export const ROOMS_MAX_PER_USER = 1_000;
