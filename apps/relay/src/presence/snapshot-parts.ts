/** Puts a snapshot together whose parts may come in any order, twice, or never. */
import type { UserId } from '@parley/protocol';
import type { PresenceMessageOf } from './presence-message.ts';
import type { ShownState } from './presence-tally.ts';

type Part = PresenceMessageOf<'snapshot'>;

/** An unfinished snapshot: all its parts are the same state at the same version. */
export interface SnapshotParts {
  readonly version: number;
  readonly got: (Part | undefined)[];
  missing: number;
}

/**
 * Adds a part to what is there; a part of a newer snapshot starts anew, one of an older is ignored.
 * @returns What is unfinished now, or the users once nothing is missing.
 */
export function addPart(
  parts: SnapshotParts | undefined,
  part: Part,
): { parts: SnapshotParts | undefined; users?: Map<UserId, ShownState> } {
  if (parts !== undefined && part.version < parts.version) return { parts };
  const fits = parts !== undefined && part.version === parts.version && part.parts === parts.got.length;
  const into = fits ? parts : startParts(part);
  if (part.part >= part.parts || into.got[part.part] !== undefined) return { parts: into };
  into.got[part.part] = part;
  into.missing -= 1;
  if (into.missing > 0) return { parts: into };
  const users = new Map<UserId, ShownState>();
  for (const one of into.got) {
    for (const user of one?.online ?? []) users.set(user, 'online');
    for (const user of one?.away ?? []) users.set(user, 'away');
  }
  return { parts: undefined, users };
}

function startParts(part: Part): SnapshotParts {
  const got = Array.from<Part | undefined>({ length: part.parts });
  return { version: part.version, got, missing: part.parts };
}
