import * as z from 'zod/mini';
import { UserId } from './ids.ts';
import { KnownName } from './text.ts';

/** A person as everybody may see them. */
export const User = z.object({ id: UserId, name: KnownName });
export type User = z.infer<typeof User>;

/** `away`: every session of the user is idle. */
export const PresenceState = z.enum(['online', 'away', 'offline']);
export type PresenceState = z.infer<typeof PresenceState>;

export const Presence = z.object({
  user: UserId,
  state: PresenceState,
  /** With `offline`, where known: when the user was last here. Wall clock, milliseconds since 1970. */
  lastSeenAt: z.optional(z.int()),
});
export type Presence = z.infer<typeof Presence>;
