/**
 * What each frame of the relay changes. Called by client.ts with every frame but `welcome`, which decides whether the rest
 * means anything; hands each to the part that it concerns.
 */
import type { ConversationId, Entry, RelayFrame, RelayFrameOf, UserId } from '@parley/protocol';
import type { Clock } from '@parley/protocol/environment';
import type { ClientEvent } from './api.ts';
import { find } from './conversation.ts';
import type { Conversations } from './conversations.ts';
import type { History } from './history.ts';
import type { Outbox } from './outbox.ts';
import type { People } from './presence.ts';
import type { Requests } from './requests.ts';
import type { StoredMessage } from './storage/storage.ts';
import type { Typing } from './typing.ts';

/** An acked message's entry usually comes with the ack; after this time, in milliseconds, it counts as missing. */
const ECHO_WAIT_MS = 1_000;

export interface Parts {
  readonly clock: Clock;
  readonly conversations: Conversations;
  readonly history: History;
  readonly outbox: Outbox;
  readonly people: People;
  readonly requests: Requests;
  readonly typing: Typing;
  readonly me: () => UserId | undefined;
  readonly markRead: (conversation: ConversationId, seq: number) => void;
  readonly emit: (event: ClientEvent) => void;
}

export function dispatch(parts: Parts, frame: Exclude<RelayFrame, { type: 'welcome' }>, isLive: boolean): void {
  switch (frame.type) {
    case 'conversations':
      handleSummaries(parts, frame);
      break;
    case 'entries':
      parts.people.learn(frame.users);
      handleEntries(parts, frame.conversation, { entries: frame.entries, via: isLive ? 'live' : 'replay' });
      break;
    case 'hole':
      parts.conversations.raiseHead(frame.conversation, frame.to);
      break;
    case 'ack':
      handleAck(parts, frame);
      break;
    case 'error':
      handleError(parts, frame);
      break;
    case 'readPosition':
      parts.conversations.handleRead(frame);
      break;
    case 'typing':
      if (frame.user !== parts.me()) parts.typing.handleTyping(frame.conversation, frame.user);
      break;
    case 'presence':
      handlePresence(parts, frame);
      break;
    case 'users':
      parts.people.learn(frame.users);
      break;
    case 'history':
    case 'people':
    case 'members':
      parts.people.learn(frame.users);
      parts.requests.answer(frame.request, frame);
      break;
    case 'rooms':
    case 'invite':
      parts.requests.answer(frame.request, frame);
      break;
    case 'caughtUp':
      parts.emit({ type: 'caughtUp' });
      break;
    // The connection's own business.
    case 'pong':
    case 'goaway':
      break;
  }
}

/** A page of history that was asked for. */
export function handlePage(
  parts: Parts,
  asked: { after: number; before: number },
  frame: RelayFrameOf<'history'>,
): void {
  announce(parts, frame.conversation, { entries: parts.conversations.handlePage(asked, frame), via: 'fetch' });
  parts.history.suspect(frame.conversation);
}

function handleSummaries(parts: Parts, { conversations, users }: RelayFrameOf<'conversations'>): void {
  parts.people.learn(users);
  for (const conversation of conversations) {
    parts.conversations.handleSummary(conversation);
    parts.history.suspect(conversation.id);
  }
}

function handleEntries(
  parts: Parts,
  conversation: ConversationId,
  { entries, via }: { entries: readonly Entry[]; via: 'live' | 'replay' },
): void {
  const added = parts.conversations.handleEntries(conversation, entries);
  announce(parts, conversation, { entries: added, via });
  parts.history.suspect(conversation);
}

function announce(
  { outbox, typing, emit, me, markRead }: Parts,
  conversation: ConversationId,
  { entries, via }: { entries: readonly Entry[]; via: 'live' | 'replay' | 'fetch' },
): void {
  for (const entry of entries) {
    typing.forget(conversation, entry.author);
    // The entry proves what the ack says, and may come first, or be all that comes.
    if (entry.author === me() && outbox.arrived(entry.id)) {
      emit({ type: 'acked', id: entry.id, conversation, seq: entry.seq });
    }
    // Who joins has nothing to catch up on: what was written before is history, not unread.
    if (via === 'live' && entry.kind === 'memberJoined' && entry.author === me()) markRead(conversation, entry.seq);
    emit({ type: 'entry', conversation, entry, via });
  }
}

function handleAck(parts: Parts, frame: RelayFrameOf<'ack'>): void {
  const { id, conversation, seq } = frame;
  const message = parts.outbox.acked(id);
  if (message === undefined) {
    parts.requests.answer(id, frame);
    return;
  }
  parts.emit({ type: 'acked', id, conversation, seq });
  placeAcked(parts, message, frame);
}

// The message must not vanish between the ack and its entry: it takes its place at once where that leaves no hole.
function placeAcked(parts: Parts, message: StoredMessage, { conversation, seq, at }: RelayFrameOf<'ack'>): void {
  const state = parts.conversations.get(conversation);
  const author = parts.me();
  const head = state?.head ?? 0;
  const isEarlier = seq <= head && seq < (state?.runs[0]?.from ?? head + 1);
  if (isEarlier || (state !== undefined && find(state, seq) !== undefined)) {
    parts.outbox.arrived(message.id);
  } else if (seq === head + 1 && author !== undefined) {
    const entry: Entry = { kind: 'message', seq, id: message.id, author, at, text: message.text };
    handleEntries(parts, conversation, { entries: [entry], via: 'live' });
  } else {
    parts.clock.setTimer(() => {
      // From here on the hole stands for it, and is fetched.
      parts.conversations.raiseHead(conversation, seq);
      parts.history.suspect(conversation);
      parts.outbox.arrived(message.id);
    }, ECHO_WAIT_MS);
  }
}

function handleError({ outbox, requests }: Parts, frame: RelayFrameOf<'error'>): void {
  if (frame.request !== undefined) requests.refuse(frame.request, frame);
  else if (frame.id !== undefined && !outbox.refused(frame.id, frame)) requests.refuse(frame.id, frame);
}

function handlePresence({ people, emit }: Parts, frame: RelayFrameOf<'presence'>): void {
  people.learn(frame.users);
  for (const presence of people.handlePresence(frame)) emit({ type: 'presence', presence });
}
