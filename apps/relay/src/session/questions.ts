/** Questions: answered from this node's view at once, each bounded by what the asker may see. */
import type { ClientFrameOf, RelayFrame, User } from '@parley/protocol';
import { foldForSearch } from '../view/store.ts';
import { encodeLastThatFit } from './frame-parts.ts';
import { encodeControl } from './outgoing-frame.ts';
import { RETRY_AFTER_MS } from './operations.ts';
import type { Session } from './session.ts';

export function handleHistory(session: Session, question: ClientFrameOf<'history'>): void {
  const { request, conversation, before, after = 0, limit } = question;
  const { applier, queries } = session.services;
  // An empty page would be believed: that there is nothing where this client has been told of an entry.
  if (applier.isStalled) return session.refuse({ code: 'internal', retryAfterMs: RETRY_AFTER_MS }, { request });
  const access = queries.access(session.user, conversation);
  if (access === undefined) return session.refuse({ code: 'not_found' }, { request });
  // Long texts end a page sooner: the older ones are left for the next.
  const frame = encodeLastThatFit(
    queries.entries(access, { before, after, limit }),
    (entries) => {
      const users = queries.users(entries.map((entry) => entry.author));
      return { type: 'history', request, conversation, entries, users };
    },
    encodeControl,
  );
  return session.push(frame);
}

export function handlePeople(session: Session, frame: ClientFrameOf<'people'>): void {
  const { request, search, cursor, limit } = frame;
  const { queries, presence } = session.services;
  if (!maySearch(session, request)) return undefined;
  // Who is here comes first: half of the first page is for people online.
  const leading = cursor === undefined ? findOnline(session, search ?? '', Math.floor(limit / 2)) : [];
  const page = queries.people({ search, cursor: cursor?.slice(1), limit: limit - leading.length });
  const led = new Set(leading.map((user) => user.id));
  const users = [...leading, ...page.rows.filter((user) => !led.has(user.id))];
  const presences = users.map((user) => presence.presenceOf(user.id));
  const answer: RelayFrame = { type: 'people', request, users, presences };
  return session.reply(page.next === undefined ? answer : { ...answer, next: `n${page.next}` });
}

/** A list is sorted, or walked through to its end when nobody fits; so it is not asked for without end. */
function maySearch(session: Session, request: number): boolean {
  const retryAfterMs = session.services.searchLimits.take(session.user, 1);
  if (retryAfterMs > 0) session.refuse({ code: 'rate_limited', retryAfterMs }, { request });
  return retryAfterMs === 0;
}

function findOnline(session: Session, search: string, most: number): User[] {
  const { queries, presence } = session.services;
  const wanted = foldForSearch(search);
  const found: User[] = [];
  if (most === 0) return found;
  for (const id of presence.onlineUsers()) {
    const user = queries.user(id);
    if (user === undefined || !foldForSearch(user.name).includes(wanted)) continue;
    found.push(user);
    if (found.length === most) break;
  }
  return found;
}

export function handleRooms(session: Session, frame: ClientFrameOf<'rooms'>): void {
  const { request, search, cursor, limit } = frame;
  if (!maySearch(session, request)) return undefined;
  const { rows: rooms, next } = session.services.queries.publicRooms(session.user, { search, cursor, limit });
  return session.reply({ type: 'rooms', request, rooms, ...(next === undefined ? {} : { next }) });
}

export function handleMembers(session: Session, frame: ClientFrameOf<'members'>): void {
  const { request, conversation, cursor, limit } = frame;
  if (!maySearch(session, request)) return undefined;
  const { queries } = session.services;
  const access = queries.access(session.user, conversation);
  if (access?.isMember !== true) return session.refuse({ code: 'not_found' }, { request });
  const { rows: users, next } = queries.members(access, { cursor, limit });
  return session.reply({ type: 'members', request, conversation, users, ...(next === undefined ? {} : { next }) });
}

export function handleInvite(session: Session, frame: ClientFrameOf<'invite'>): void {
  const { request, conversation } = frame;
  const access = session.services.queries.access(session.user, conversation);
  if (access?.isMember !== true) return session.refuse({ code: 'not_found' }, { request });
  return session.reply({ type: 'invite', request, conversation, invite: access.conversation.room?.invite ?? null });
}
