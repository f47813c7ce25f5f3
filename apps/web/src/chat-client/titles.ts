import type { ChatSnapshot, ConversationSnapshot } from '@parley/client';
import { type User, directMembers } from '@parley/protocol';

/** The other one of a direct conversation; oneself in one's own notes; undefined for a room. */
export function peerOf(conversation: string, me: User | undefined): string | undefined {
  const members = directMembers(conversation);
  if (members === undefined) return undefined;
  return members[0] === me?.id ? members[1] : members[0];
}

/** Names that more than one known user has: those are shown with a piece of the id. */
export function sharedNames(users: ChatSnapshot['users']): ReadonlySet<string> {
  const known = sharedByUsers.get(users);
  if (known !== undefined) return known;
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { name } of users.values()) (seen.has(name) ? shared : seen).add(name);
  sharedByUsers.set(users, shared);
  return shared;
}

const sharedByUsers = new WeakMap<ChatSnapshot['users'], ReadonlySet<string>>();

/**
 * The conversations that a list shows, in order. A room that was left is none of them, unless something that was written
 * there and not sent would be out of sight with it. The same array as long as it says the same.
 */
export function listedConversations({ order, conversations }: ChatSnapshot): readonly string[] {
  const now = order.filter((id) => isListed(conversations.get(id)));
  if (now.length !== listedBefore.length || now.some((id, at) => id !== listedBefore[at])) listedBefore = now;
  return listedBefore;
}

let listedBefore: readonly string[] = [];

export function isListed(conversation: ConversationSnapshot | undefined): boolean {
  const { details, pending } = conversation ?? {};
  return details?.kind !== 'room' || details.joined || (pending?.length ?? 0) > 0;
}

/** A short piece of an id that tells two people of one name apart. */
export const idMark = (id: string): string => id.slice(2, 6);

/** When something last happened in a conversation; 0 for never. Wall clock, milliseconds since 1970. */
export function lastMomentOf(conversation: ConversationSnapshot): number {
  return conversation.pending.at(-1)?.writtenAt ?? conversation.details?.last?.at ?? 0;
}
