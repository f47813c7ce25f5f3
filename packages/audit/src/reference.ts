/**
 * What the conversations hold in truth: the folded log; where none was dumped, what most nodes hold; where no view was dumped
 * either, what the clients saw.
 */
import { directMembers } from '@parley/protocol';
import type { AuditEventOf } from './events.ts';
import type { FoldedConversation, Place, Span } from './fold-log.ts';

export interface Reference {
  readonly source: 'log' | 'views' | 'clients';
  /** By seq, the first at 0; undefined where nobody knows. */
  readonly conversations: ReadonlyMap<string, readonly (Place | undefined)[]>;
  /** The seq of an operation, or undefined. */
  seqOf(conversation: string, author: string, id: string): number | undefined;
  /** Conversations of which a user may see something. */
  conversationsOf(user: string): readonly string[];
  /** What a user may see of a conversation; undefined where this history does not tell. */
  visibleTo(conversation: string, user: string): readonly Span[] | undefined;
  /** Where a user came in for the first time. */
  entryOf(conversation: string, user: string): Place | undefined;
}

export interface Sources {
  readonly folded: ReadonlyMap<string, FoldedConversation>;
  readonly views: readonly AuditEventOf<'view'>[];
  readonly received: readonly AuditEventOf<'received'>[];
  readonly memberships: readonly AuditEventOf<'membership'>[];
}

export function chooseReference({ folded, views, received, memberships }: Sources): Reference {
  const stays = new Map<string, Map<string, Span[]>>();
  for (const [conversation, { visibility, stays: own }] of folded) stays.set(conversation, visible(own, visibility));
  if (folded.size === 0) for (const event of memberships) noteMembership(stays, event);
  const [source, conversations] = placesFrom(folded, views, received);
  const seqs = new Map<string, Map<string, number>>();
  for (const [conversation, places] of conversations) {
    const own = new Map<string, number>();
    seqs.set(conversation, own);
    for (const [at, place] of places.entries()) {
      const name = `${place?.author} ${place?.id}`;
      if (place !== undefined && !own.has(name)) own.set(name, at + 1);
    }
  }
  const byUser = indexByUser(conversations.keys(), stays);
  return {
    source,
    conversations,
    conversationsOf: (user) => byUser.get(user) ?? [],
    seqOf: (conversation, author, id) => seqs.get(conversation)?.get(`${author} ${id}`),
    visibleTo(conversation, user) {
      const two = directMembers(conversation);
      if (two !== undefined) return two.includes(user) ? EVERYTHING : [];
      const room = stays.get(conversation);
      return room === undefined ? undefined : (room.get(user) ?? []);
    },
    entryOf(conversation, user) {
      const first = folded.get(conversation)?.stays.get(user)?.[0];
      return first === undefined ? undefined : conversations.get(conversation)?.[first.from - 1];
    },
  };
}

function indexByUser(
  conversations: Iterable<string>,
  stays: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
): Map<string, string[]> {
  const byUser = new Map<string, string[]>();
  for (const conversation of conversations) {
    const users = directMembers(conversation) ?? stays.get(conversation)?.keys() ?? [];
    for (const user of new Set(users)) {
      const own = byUser.get(user);
      if (own === undefined) byUser.set(user, [conversation]);
      else own.push(conversation);
    }
  }
  return byUser;
}

const EVERYTHING: readonly Span[] = [{ from: 1, to: Number.POSITIVE_INFINITY }];

/** A public room is open from its beginning, up to where the user left for good. */
function visible(stays: Map<string, Span[]>, visibility: 'public' | 'private' | undefined): Map<string, Span[]> {
  if (visibility === 'private') return stays;
  return new Map([...stays].map(([user, spans]) => [user, [{ from: 1, to: spans.at(-1)?.to ?? 0 }]]));
}

function noteMembership(stays: Map<string, Map<string, Span[]>>, event: AuditEventOf<'membership'>): void {
  let room = stays.get(event.conversation);
  if (room === undefined) stays.set(event.conversation, (room = new Map()));
  let spans = room.get(event.user);
  if (spans === undefined) room.set(event.user, (spans = []));
  if (event.change === 'joined') spans.push({ from: event.from ?? event.seq, to: Number.POSITIVE_INFINITY });
  else {
    const last = spans.at(-1);
    if (last !== undefined) last.to = event.seq;
  }
}

type Places = Map<string, (Place | undefined)[]>;

function placesFrom(
  folded: Sources['folded'],
  views: Sources['views'],
  received: Sources['received'],
): [Reference['source'], Places] {
  if (folded.size > 0) return ['log', new Map([...folded].map(([id, { places }]) => [id, places]))];
  const places: Places = new Map();
  const placesOf = (conversation: string): (Place | undefined)[] => {
    let found = places.get(conversation);
    if (found === undefined) places.set(conversation, (found = []));
    return found;
  };
  if (views.length > 0) {
    for (const view of majority(views).values()) {
      const own = placesOf(view.conversation);
      for (const [seq, id, author] of view.entries) own[seq - 1] = { id, author };
    }
    return ['views', places];
  }
  for (const { conversation, seq, id, author, kind, text } of received) {
    placesOf(conversation)[seq - 1] ??= { id, author, kind, text };
  }
  return ['clients', places];
}

/** By conversation, the view that most nodes share; among equals the first. */
export function majority(views: readonly AuditEventOf<'view'>[]): Map<string, AuditEventOf<'view'>> {
  const votes = new Map<string, Map<string, { view: AuditEventOf<'view'>; count: number }>>();
  for (const view of views) {
    let own = votes.get(view.conversation);
    if (own === undefined) votes.set(view.conversation, (own = new Map()));
    const text = JSON.stringify(view.entries);
    const vote = own.get(text);
    if (vote === undefined) own.set(text, { view, count: 1 });
    else vote.count += 1;
  }
  return new Map(
    [...votes].map(([conversation, own]) => {
      const [first, ...others] = [...own.values()];
      const best = others.reduce((one, other) => (other.count > (one?.count ?? 0) ? other : one), first);
      return [conversation, best!.view];
    }),
  );
}
