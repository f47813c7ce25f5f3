/** Questions: answered from this node's view at once, each bounded by what the asker may see. */
import {
  type ClientFrameOf,
  type Entry,
  FRAME_MAX_BYTES,
  type Presence,
  type RelayFrame,
  type User,
} from '@parley/protocol';
import { foldForSearch } from '../view/store.ts';
import type { Session } from './session.ts';

/** Room in a frame for everything around its list. */
const MOST_LIST_BYTES = FRAME_MAX_BYTES - 4_096;

export function handleHistory(session: Session, frame: ClientFrameOf<'history'>): void {
  const { request, conversation, before, after = 0, limit } = frame;
  const { queries } = session.services;
  const access = queries.access(session.user, conversation);
  if (access === undefined) return session.refuse({ code: 'not_found' }, { request });
  const entries = newestThatFit(queries.entries(access, { before, after, limit }));
  const users = queries.users(entries.map((entry) => entry.author));
  return session.reply({ type: 'history', request, conversation, entries, users });
}

export function handlePeople(session: Session, frame: ClientFrameOf<'people'>): void {
  const { request, search, cursor, limit } = frame;
  const { queries, presence } = session.services;
  const { rows, next } = queries.people({ search, cursor: cursor?.slice(1), limit });
  const presences: Presence[] = rows.map((user) => presence.presenceOf(user.id));
  const answer: RelayFrame = { type: 'people', request, users: rows, presences };
  // Who is here comes first: the first page is led by everybody online whose name fits.
  if (cursor === undefined) leadByOnline(session, answer, search, limit);
  return session.reply(next === undefined ? answer : { ...answer, next: `n${next}` });
}

function leadByOnline(
  session: Session,
  answer: { users: User[]; presences: Presence[] },
  search: string | undefined,
  limit: number,
): void {
  const { queries, presence } = session.services;
  const listed = new Set(answer.users.map((user) => user.id));
  const wanted = foldForSearch(search ?? '');
  const leading: User[] = [];
  for (const id of presence.onlineUsers()) {
    if (leading.length === limit) break;
    if (listed.has(id)) continue;
    const user = queries.user(id);
    if (user !== undefined && foldForSearch(user.name).includes(wanted)) leading.push(user);
  }
  answer.users.unshift(...leading);
  answer.presences.unshift(...leading.map((user) => presence.presenceOf(user.id)));
}

export function handleRooms(session: Session, frame: ClientFrameOf<'rooms'>): void {
  const { request, search, cursor, limit } = frame;
  const { rows: rooms, next } = session.services.queries.publicRooms(session.user, { search, cursor, limit });
  return session.reply({ type: 'rooms', request, rooms, ...(next === undefined ? {} : { next }) });
}

export function handleMembers(session: Session, frame: ClientFrameOf<'members'>): void {
  const { request, conversation, cursor, limit } = frame;
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

/** Long texts end a page sooner: the older ones are left for the next. */
function newestThatFit(entries: Entry[]): Entry[] {
  let bytes = 0;
  let from = entries.length;
  while (from > 0) {
    bytes += jsonBytes(entries[from - 1]);
    if (bytes > MOST_LIST_BYTES) break;
    from -= 1;
  }
  return from === 0 ? entries : entries.slice(from);
}

/** Splits a list into parts that each fit a frame. */
export function chunksThatFit<Item>(items: readonly Item[]): Item[][] {
  const chunks: Item[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const itemBytes = jsonBytes(item) + 1;
    if (bytes + itemBytes > MOST_LIST_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    chunks.at(-1)?.push(item);
    bytes += itemBytes;
  }
  return chunks;
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
