/** Random logs over several partitions: what honest, confused and hostile nodes might have appended. */
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { directConversationId } from '@parley/protocol';
import { encodeHead, type LoggedRecord, RECORD_VERSION, type RecordKind } from '../../src/log/record.ts';

export const PARTITIONS = 3;

const token = (at: number): string => `${String(at).padStart(21, '0')}A`;
export const USERS = Array.from({ length: 4 }, (_, at) => `u_${token(at)}`);
export const ROOMS = Array.from({ length: 3 }, (_, at) => `r_${token(at)}`);
export const DIRECTS = [
  directConversationId(USERS[0]!, USERS[1]!),
  directConversationId(USERS[1]!, USERS[2]!),
  directConversationId(USERS[3]!, USERS[3]!),
];
const INVITES = [token(7), token(8)];

/** Few ids, so that repeats and conflicts come by themselves. */
const id = fc.nat({ max: 12 }).map((at) => `0199c1f0-8a01-7d3e-8f4a-${String(at).padStart(12, '0')}`);
const author = fc.constantFrom(...USERS);
const room = fc.constantFrom(...ROOMS);
const direct = fc.constantFrom(...DIRECTS);
const name = fc.constantFrom('Ann', 'Bo', '小明');

interface Draft {
  key: string;
  head: string;
  body: Uint8Array;
}

type Shape = { kind: RecordKind; key: string; body: string };

const shape: fc.Arbitrary<Shape> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('message' as const), key: fc.oneof(room, direct), body: name }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('roomCreated' as const),
      key: room,
      body: fc
        .tuple(name, fc.constantFrom('public', 'private'))
        .map(([called, visibility]) => JSON.stringify({ name: called, visibility })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('memberJoined' as const),
      key: room,
      body: fc.constantFrom('{}', ...INVITES.map((invite) => JSON.stringify({ invite }))),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('messageRefused' as const),
      key: direct,
      body: fc.constant('{"code":"not_found"}'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('memberLeft' as const), key: room, body: fc.constant('{}') }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('roomRenamed' as const),
      key: room,
      body: name.map((called) => JSON.stringify({ name: called })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('inviteReplaced' as const),
      key: room,
      body: fc.constantFrom(...INVITES).map((invite) => JSON.stringify({ invite })),
    }),
  },
);

const wellFormed: fc.Arbitrary<Draft> = fc
  .record({ shape, id, author, at: fc.nat({ max: 1e12 }) })
  .map(({ shape: { kind, key, body }, ...rest }) => ({
    key,
    head: encodeHead({ version: RECORD_VERSION, kind, ...rest }),
    body: Buffer.from(body),
  }));

const named: fc.Arbitrary<Draft> = fc
  .record({ id, author, owner: author, called: name, at: fc.constant(1) })
  .map(({ owner, called, ...rest }) => ({
    key: owner,
    head: encodeHead({ version: RECORD_VERSION, kind: 'userNamed', ...rest }),
    body: Buffer.from(JSON.stringify({ name: called })),
  }));

const malformed: fc.Arbitrary<Draft> = fc.oneof(
  fc.record({ key: room, head: fc.string().map((text) => `?${text}`), body: fc.uint8Array({ maxLength: 20 }) }),
  fc.tuple(wellFormed, fc.uint8Array({ maxLength: 20 })).map(([draft, body]) => ({ ...draft, body })),
  fc.tuple(wellFormed, fc.constantFrom('', 'genesis', 'r_', 'd_x', '../..')).map(([draft, key]) => ({ ...draft, key })),
);

/** The records of each partition, by offset. */
export const randomLog: fc.Arbitrary<LoggedRecord[][]> = fc
  .array(
    fc.oneof(
      { weight: 20, arbitrary: wellFormed },
      { weight: 2, arbitrary: named },
      { weight: 1, arbitrary: malformed },
    ),
    { maxLength: 150, size: 'max' },
  )
  .map(intoPartitions);

function intoPartitions(drafts: readonly Draft[]): LoggedRecord[][] {
  const partitions: LoggedRecord[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const draft of drafts) {
    const partition = partitions[crc32(draft.key) % PARTITIONS];
    partition?.push({ ...draft, offset: partition.length });
  }
  return partitions;
}

/** A random order of the partitions' records that keeps the order within each, cut into random batches. */
export const randomBatching = fc.array(
  fc.record({ partition: fc.nat({ max: PARTITIONS - 1 }), count: fc.integer({ min: 1, max: 12 }) }),
  { maxLength: 60, size: 'max' },
);
export type Batching = { partition: number; count: number }[];

/** Everything in the log, by one batching; what it leaves out comes at its end. */
export function batchesOf(
  log: readonly LoggedRecord[][],
  batching: Batching,
): { partition: number; records: LoggedRecord[] }[] {
  const at = log.map(() => 0);
  const batches: { partition: number; records: LoggedRecord[] }[] = [];
  const take = (partition: number, count: number): void => {
    const from = at[partition] ?? 0;
    const records = log[partition]?.slice(from, from + count) ?? [];
    at[partition] = from + records.length;
    if (records.length > 0) batches.push({ partition, records });
  };
  for (const { partition, count } of batching) take(partition, count);
  for (let partition = 0; partition < log.length; partition += 1) take(partition, Infinity);
  return batches;
}
