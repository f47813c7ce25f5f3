/** Small things that a node keeps beside its view. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeToken } from '@parley/protocol';
import { MIN_SECRET_BYTES } from './config.ts';
import type { Clock, Random } from '@parley/protocol/environment';

/**
 * Identity of this boot: greater than that of any earlier boot from this folder, and, where the folder was lost, very
 * likely still greater, because it starts from the wall clock.
 */
export function nextIncarnation(dataDir: string, clock: Clock): number {
  const file = join(dataDir, 'incarnation');
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  const next = Math.max(Number.isSafeInteger(last) ? last + 1 : 0, Math.floor(clock.wallMs()));
  writeWhole(file, String(next), dataDir);
  return next;
}

/** The secret that signs sign-ins where one node serves alone; readable by this user only. */
export function readOrMakeSecret(dataDir: string, random: Random): string {
  const file = join(dataDir, 'secret');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  // A file that lost its end, as after a power cut, must not become a secret that anybody can guess.
  if (Buffer.byteLength(kept) >= MIN_SECRET_BYTES) return kept;
  const secret = makeToken(random) + makeToken(random);
  writeWhole(file, secret, dataDir);
  return secret;
}

// By rename, so that a killed process never leaves half a file.
function writeWhole(file: string, text: string, dataDir: string): void {
  // Messages and the secret are nobody's business but this user's.
  makeFolder(dataDir);
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

// One after the other: Node's own `recursive` never returns where a parent exists and still refuses with ENOENT (/proc).
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    // Another process may have made it meanwhile; whether it can be used shows when it is written to.
    if (!existsSync(folder)) throw error;
  }
}
