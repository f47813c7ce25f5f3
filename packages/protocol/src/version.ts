/**
 * The protocol's version. A change that an old peer would misread bumps it; an optional field or a new frame that an old
 * peer may ignore does not. Either way a line is added, with the fingerprint of all schemas that a test computes.
 *
 *   1  2026-11  2f21331e  first version
 *   1  2026-11  b9de76c9  without slow_reader, which no relay ever sent
 *   1  2026-11  8874d286  with too_many_rooms: an old client reads it as internal, retryable
 */
export const PROTOCOL_VERSION = 1;

/** Oldest version that this build still speaks. */
export const OLDEST_PROTOCOL_VERSION = 1;

export interface VersionRange {
  /** Newest version a peer speaks. */
  version: number;
  /** Oldest version it still speaks. */
  oldest: number;
}

/** The newest version that both speak, or undefined when they share none. */
export function negotiateVersion(one: VersionRange, other: VersionRange): number | undefined {
  const version = Math.min(one.version, other.version);
  return version >= Math.max(one.oldest, other.oldest) ? version : undefined;
}
