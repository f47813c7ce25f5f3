import type {
  Conversation,
  ConversationId,
  Entry,
  ErrorCode,
  InviteToken,
  OperationId,
  Presence,
  RoomId,
  RoomListing,
  User,
  UserId,
  Visibility,
} from '@parley/protocol';

/**
 * The public face of the client. Everything here is plain immutable data: a snapshot never changes, and a part that did
 * not change keeps its identity from one snapshot to the next, so `===` tells a view whether to draw again.
 */
export interface ChatClient {
  /** Connects and stays connected until `stop`. Safe to call twice. */
  start(): void;
  /** Closes the socket for good, without waiting for answers: un-acked sends stay in the storage. */
  stop(): Promise<void>;
  /** Connects now instead of when the back-off ends ("Reconnect now"). Does nothing while connected. */
  reconnectNow(): void;
  /** Ends the current socket's silence early: pings at once and reconnects when no answer comes (page visible, online again). */
  checkLink(): void;
  /** Whether nobody is using this device now; others see the user as away once every session is idle. */
  setIdle(idle: boolean): void;

  /** Calls back after every change, at most once a microtask; returns its off. */
  subscribe(listener: () => void): () => void;
  getSnapshot(): ChatSnapshot;
  /** Raw happenings for programs, tests and benchmarks; returns its off. */
  onEvent(listener: (event: ClientEvent) => void): () => void;

  /**
   * Writes to a conversation. The message is in the outbox when this returns and stays there until it is acknowledged;
   * a direct conversation needs nothing but its id (`directConversationId(me, peer)`).
   * @throws RangeError when the text is empty, too long or not text (see `checkText`), or the outbox is full.
   */
  send(conversation: ConversationId, text: string): OperationId;
  /**
   * Sends a failed message again. What the relay refused for good goes as a new message with a new id, at the end; what
   * `expired` keeps its id. Returns the id; undefined when no such message failed.
   * @throws RangeError when the outbox is full; the failed message stays.
   */
  retry(id: OperationId): OperationId | undefined;
  /** Forgets a message that failed. One that may still arrive cannot be forgotten: false. */
  discard(id: OperationId): boolean;

  /** Loads the next older entries; resolves when they are in the snapshot. Calls while one runs share it. */
  loadEarlier(conversation: ConversationId): Promise<void>;
  /** Loads what a hole marker stands for, newest first, at most one page a call. */
  loadHole(conversation: ConversationId, hole: Hole): Promise<void>;

  createRoom(name: string, visibility: Visibility): Promise<RoomId>;
  renameRoom(room: RoomId, name: string): Promise<void>;
  joinRoom(room: RoomId, invite?: InviteToken): Promise<void>;
  leaveRoom(room: RoomId): Promise<void>;
  /** The current invite link's token; null until one was made. Members only. */
  getInvite(room: RoomId): Promise<InviteToken | null>;
  replaceInvite(room: RoomId): Promise<InviteToken>;

  listPeople(options?: ListOptions): Promise<Page<Person>>;
  listRooms(options?: ListOptions): Promise<Page<RoomListing>>;
  listMembers(room: RoomId, options?: Omit<ListOptions, 'search'>): Promise<Page<User>>;

  /** Which presences to follow: everybody who is online (`lobby`) and single users. Kept over reconnects. */
  watch(watch: { lobby: boolean; users: readonly UserId[] }): void;
  /** Tells the others; call on every key press, the client thins it out. */
  typing(conversation: ConversationId): void;
  /** Moves the read position forward; an older one is ignored. */
  markRead(conversation: ConversationId, seq: number): void;
}

export interface ListOptions {
  search?: string;
  cursor?: string;
  limit?: number;
}

export interface Page<Row> {
  rows: Row[];
  /** Give it as `cursor` for the rows after these; absent at the end. */
  next?: string;
}

export interface Person extends User {
  presence: Presence;
}

export interface ChatSnapshot {
  readonly connection: ConnectionState;
  /** Known after the first welcome and kept while disconnected. */
  readonly me: User | undefined;
  readonly users: ReadonlyMap<UserId, User>;
  /** Watched users who are not offline, and offline ones of whom something is known. */
  readonly presences: ReadonlyMap<UserId, Presence>;
  readonly onlineCount: number;
  /** What is said of others may be old: this client or its node is cut off. */
  readonly presenceStale: boolean;
  readonly conversations: ReadonlyMap<ConversationId, ConversationSnapshot>;
  /**
   * Ids of `conversations`, the one with the newest entry or pending message first; without those in which somebody types
   * and nothing was written yet.
   */
  readonly order: readonly ConversationId[];
  /** Messages of all conversations that wait for an answer. */
  readonly waitingCount: number;
}

export type ConnectionState =
  | { readonly status: 'idle' }
  | { readonly status: 'connecting'; readonly attempt: number }
  /** The socket is open; what was missed is still coming. */
  | { readonly status: 'catchingUp'; readonly node: string }
  | { readonly status: 'online'; readonly node: string }
  /** `retryInMs` counts from `sinceMs` on the client's monotonic clock. */
  | { readonly status: 'waiting'; readonly attempt: number; readonly retryInMs: number; readonly sinceMs: number }
  /** Ended for good: by `stop` (no code) or because coming back would end the same way. */
  | { readonly status: 'stopped'; readonly code?: ErrorCode | 'not_signed_in' };

export interface Hole {
  /** First and last missing seq, both included. */
  readonly from: number;
  readonly to: number;
}

/** A row of a timeline: what is there, and honestly what is not. */
export type TimelineItem =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'hole'; readonly hole: Hole };

export interface ConversationSnapshot {
  readonly id: ConversationId;
  /** As the relay described it last, kept up to date by entries; undefined for a direct conversation without entries yet. */
  readonly details: Conversation | undefined;
  /** Held entries ascending, with a hole wherever one is missing in between. What is before the first is "earlier". */
  readonly timeline: readonly TimelineItem[];
  /** Older entries exist that can be loaded by `loadEarlier`. */
  readonly hasEarlier: boolean;
  readonly head: number;
  readonly readUpTo: number;
  /** Messages of others above `readUpTo`, as far as can be known from the heads. */
  readonly unreadCount: number;
  /** How far others have read. */
  readonly reads: ReadonlyMap<UserId, number>;
  /** Own messages that are not in the timeline yet, in the order they were written. They stand after everything. */
  readonly pending: readonly PendingMessage[];
  readonly typing: readonly UserId[];
}

export interface PendingMessage {
  readonly id: OperationId;
  readonly text: string;
  /** Wall clock, milliseconds since 1970. */
  readonly writtenAt: number;
  /** `queued`: not handed to a socket since the last connect; `sending`: handed over; `failed`: refused for good. */
  readonly status: 'queued' | 'sending' | 'failed';
  /** With `failed`. `expired`: it waited for more than a day and is not sent without being asked. */
  readonly reason?: ErrorCode | 'expired';
}

export type ClientEvent =
  | { readonly type: 'connection'; readonly connection: ConnectionState }
  | { readonly type: 'sent'; readonly id: OperationId; readonly conversation: ConversationId }
  | { readonly type: 'acked'; readonly id: OperationId; readonly conversation: ConversationId; readonly seq: number }
  | { readonly type: 'refused'; readonly id: OperationId; readonly code: ErrorCode; readonly retryable: boolean }
  /** First time that this entry is applied here, whatever brought it. */
  | {
      readonly type: 'entry';
      readonly conversation: ConversationId;
      readonly entry: Entry;
      readonly via: 'live' | 'replay' | 'fetch';
    }
  | { readonly type: 'caughtUp' }
  | { readonly type: 'presence'; readonly presence: Presence }
  | { readonly type: 'resync'; readonly reason: 'epoch' | 'ahead' }
  /** A frame of the relay that could not be read, and was dropped; never one of an unknown type, which is no fault. */
  | { readonly type: 'undecodable'; readonly detail: string };

/** A question or command that the relay refused. */
export class RefusedError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  constructor(code: ErrorCode, retryable: boolean, detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = 'RefusedError';
    this.code = code;
    this.retryable = retryable;
  }
}

/** A question or command that got no answer in time, or that `stop` ended. A command may have taken effect all the same. */
export class NoAnswerError extends Error {
  readonly reason: 'timeout' | 'stopped';
  constructor(reason: 'timeout' | 'stopped') {
    super(reason === 'timeout' ? 'The relay did not answer in time.' : 'The client was stopped.');
    this.name = 'NoAnswerError';
    this.reason = reason;
  }
}
