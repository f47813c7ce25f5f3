import * as z from 'zod/mini';
import type { Clock, Random } from './environment.ts';

/** 128 random bits as 22 characters of base64url: users, rooms, devices, invite tokens. */
const TOKEN = '[A-Za-z0-9_-]{21}[AQgw]';

/** `u_` and 128 random bits. Unguessable, so that nobody can count or walk users. */
export const UserId = z.string().check(z.regex(new RegExp(`^u_${TOKEN}$`)));
export type UserId = z.infer<typeof UserId>;

/** A room, `r_` and 128 random bits chosen by whoever creates it, so that creating is safe to repeat. */
export const RoomId = z.string().check(z.regex(new RegExp(`^r_${TOKEN}$`)));
export type RoomId = z.infer<typeof RoomId>;

// The other order would be a second conversation of the same two.
const isOrdered = (id: string): boolean => id.startsWith('r_') || id.slice(2, 24) <= id.slice(24);
const ORDERED = z.refine<string>(isOrdered, 'users not in ascending order');

/** A conversation of two: `d_` and both users' tokens in ascending order. Anybody can derive it, only the two may use it. */
export const DirectId = z.string().check(z.regex(new RegExp(`^d_${TOKEN}${TOKEN}$`)), ORDERED);
export type DirectId = z.infer<typeof DirectId>;

/** What is totally ordered: a room or a conversation of two. */
export const ConversationId = z.string().check(z.regex(new RegExp(`^(?:r_${TOKEN}|d_${TOKEN}${TOKEN})$`)), ORDERED);
export type ConversationId = z.infer<typeof ConversationId>;

/** One browser profile or app install. */
export const DeviceId = z.string().check(z.regex(new RegExp(`^v_${TOKEN}$`)));
export type DeviceId = z.infer<typeof DeviceId>;

/** Opens a private room to whoever holds it. */
export const InviteToken = z.string().check(z.regex(new RegExp(`^${TOKEN}$`)));
export type InviteToken = z.infer<typeof InviteToken>;

/**
 * A UUIDv7 (RFC 9562) in lower case: names one thing a client asked to be written, made once when the user asked and
 * kept over every retry.
 */
export const OperationId = z
  .string()
  .check(z.regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/));
export type OperationId = z.infer<typeof OperationId>;

/** Position of an entry in its conversation: 1, 2, 3 … without holes. 0 is "before the first". */
export const Seq = z.int().check(z.nonnegative());
export type Seq = z.infer<typeof Seq>;

/** Identity of one incarnation of the log. A recreated log has another epoch. */
export const Epoch = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
export type Epoch = z.infer<typeof Epoch>;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** 128 bits from `random` as 22 characters of base64url. */
export function makeToken(random: Random): string {
  const bytes = random.bytes(16);
  let token = '';
  for (let at = 0; at < 15; at += 3) {
    const group = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    token +=
      BASE64URL[group >> 18]! + BASE64URL[(group >> 12) & 63]! + BASE64URL[(group >> 6) & 63]! + BASE64URL[group & 63]!;
  }
  return token + BASE64URL[bytes[15]! >> 2]! + BASE64URL[(bytes[15]! & 3) << 4]!;
}

export const makeUserId = (random: Random): UserId => `u_${makeToken(random)}`;
export const makeRoomId = (random: Random): RoomId => `r_${makeToken(random)}`;
export const makeDeviceId = (random: Random): DeviceId => `v_${makeToken(random)}`;

/** A UUIDv7: 48 bits of wall clock in milliseconds, then random bits. Sorts by time of making to the millisecond. */
export function makeOperationId(clock: Clock, random: Random): OperationId {
  const time = Math.floor(clock.wallMs()).toString(16).padStart(12, '0').slice(-12);
  const noise = random.bytes(10);
  noise[0] = (noise[0]! & 0x0f) | 0x70;
  noise[2] = (noise[2]! & 0x3f) | 0x80;
  let tail = '';
  for (const byte of noise) tail += byte.toString(16).padStart(2, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}

/** The one conversation of two users; equal for both of them. A user's conversation with oneself is allowed: notes. */
export function directConversationId(one: UserId, other: UserId): DirectId {
  // By code unit, never by locale: both users must get the same order.
  return one < other ? `d_${one.slice(2)}${other.slice(2)}` : `d_${other.slice(2)}${one.slice(2)}`;
}

/** The two users of a direct conversation, or undefined for a room. */
export function directMembers(conversation: ConversationId): [UserId, UserId] | undefined {
  if (!conversation.startsWith('d_')) return undefined;
  return [`u_${conversation.slice(2, 24)}`, `u_${conversation.slice(24)}`];
}
