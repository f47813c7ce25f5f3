/**
 * Every duration of presence on one screen, in milliseconds, because each bound is the sum of several.
 *
 * A killed node: its last heartbeat was heard up to HEARTBEAT_MS before. Whoever comes back inside the grace must not
 * have blinked, so LEASE_MS > HEARTBEAT_MS + PRESENCE_GRACE_MS; and the crash must show within 15 s, so LEASE_MS +
 * TICK_MS + the 2 s that a broadcast may hold a change back stay under it.
 */
export const HEARTBEAT_MS = 2_000;
/** Without a newer message for this long, by the receiver's monotonic clock, a node counts as gone. */
export const LEASE_MS = 12_500;
/** How often leases, graces and own duties are looked at. */
export const TICK_MS = 250;
/** A node that hears at least itself is never without a heartbeat for so long. */
export const QUIET_MS = HEARTBEAT_MS + 3 * TICK_MS;
/** Hearing nobody for this long, oneself included, freezes presence. Well before the first lease could end. */
export const DEAF_MS = 5_000;
/** Who begins to hear asks everybody who is where; the answers, which wait for each other, take so long. Until then what it says may be old. */
export const ANSWERS_MS = 1_000;
/** So long its own words may stay out, while the others are heard, before a node takes it that they do not hear it either. */
export const MUTE_MS = 3 * HEARTBEAT_MS + 1_500;
/** Two ticks further apart than this: the process was paused, and the others may have given it up. */
export const PAUSED_MS = LEASE_MS - HEARTBEAT_MS - 500;
/**
 * The end of a user is doubted at most so long, where another node is silent. A closed page: grace, this, a tick and the
 * broadcast make less than 18 s, of 20.
 */
export const DOUBT_MAX_MS = 5_000;
/** After a pause it waits so long for its dead sockets to be noticed before it announces the others again. */
export const WAKE_MS = 1_000;
export const SNAPSHOT_MS = 30_000;
/** Own changes are told after a wait between these two, which spreads the questions of many nodes. */
export const FLUSH_MIN_MS = 10;
export const FLUSH_MAX_MS = 40;
/** An unanswered request for a snapshot is repeated after this. */
export const ASK_AGAIN_MS = 1_000;
/** Requests of many nodes are answered by one snapshot; the next follows no sooner than this. */
export const ANSWER_GAP_MS = 500;
