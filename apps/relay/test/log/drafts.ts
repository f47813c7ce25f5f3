import { makeOperationId, makeRoomId, makeUserId } from '@parley/protocol';
import { systemClock, systemRandom } from '@parley/protocol/environment';
import type { Logger } from '../../src/logger.ts';
import { RECORD_VERSION, type RecordDraft } from '../../src/log/record.ts';

const AUTHOR = makeUserId(systemRandom);

export const newRoom = (): string => makeRoomId(systemRandom);

/** A message as a node would append it. */
export function message(key: string, text: string): RecordDraft {
  const id = makeOperationId(systemClock, systemRandom);
  return {
    key,
    head: { version: RECORD_VERSION, kind: 'message', id, author: AUTHOR, at: systemClock.wallMs() },
    body: Buffer.from(text),
  };
}

export function numbered(count: number, prefix = ''): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}`);
}

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
