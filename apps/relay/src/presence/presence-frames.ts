/** Presences as frames for the wire, each under FRAME_MAX_BYTES however many they are. */
import { FRAME_MAX_BYTES, type Presence, type RelayFrameOf, type User, type UserId } from '@parley/protocol';

type PresenceFrame = RelayFrameOf<'presence'>;

export interface FrameFacts {
  snapshot: boolean;
  onlineCount: number;
  stale: boolean;
  userOf: (user: UserId) => User | undefined;
}

/** Braces, keys, the count; generously. */
const ENVELOPE_BYTES = 256;
const PRESENCE_BYTES = 96;
const USER_BYTES = 64;

/**
 * At least one frame. Of a snapshot only the first says so, the rest add to it. Whoever is here comes with the name,
 * where it is known.
 */
export function presenceFrames(presences: readonly Presence[], facts: FrameFacts): PresenceFrame[] {
  const { onlineCount, stale, userOf } = facts;
  const start = (snapshot: boolean): PresenceFrame => ({
    type: 'presence',
    snapshot,
    presences: [],
    users: [],
    onlineCount,
    stale,
  });
  let frame = start(facts.snapshot);
  const frames = [frame];
  let bytes = ENVELOPE_BYTES;
  for (const presence of presences) {
    const user = presence.state === 'offline' ? undefined : userOf(presence.user);
    // A quote or backslash in a name takes two bytes in JSON.
    const more = PRESENCE_BYTES + (user === undefined ? 0 : USER_BYTES + 2 * Buffer.byteLength(user.name));
    if (bytes + more > FRAME_MAX_BYTES) {
      frame = start(false);
      frames.push(frame);
      bytes = ENVELOPE_BYTES;
    }
    bytes += more;
    frame.presences.push(presence);
    if (user !== undefined) frame.users.push(user);
  }
  return frames;
}
