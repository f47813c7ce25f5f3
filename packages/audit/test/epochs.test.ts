/** A log that was made anew: what the one before held proves nothing of this one, and is not mixed with it. */
import { expect, test } from 'vitest';
import { type AuditEvent, checkHistory } from '../src/index.ts';

const USER = 'u_000000000000000000000A';
const ROOM = 'r_000000000000000000000A';
const client = 'c1';

function welcome(at: number, socket: number, epoch: string): AuditEvent[] {
  const resync = socket > 1 ? { resync: 'epoch' as const } : {};
  return [
    { type: 'hello', at, client, socket, heads: [] },
    { type: 'welcome', at, client, socket, node: 'relay-1', epoch, ...resync },
    { type: 'caughtUp', at, client, socket },
  ];
}

/** Writes the room's first entry, acknowledged and pushed. */
function create(at: number, options: { id: string; socket: number; epoch: string }): AuditEvent[] {
  const { id, socket, epoch } = options;
  const common = { at, client, conversation: ROOM, id };
  return [
    { type: 'invoke', ...common, kind: 'createRoom' },
    { type: 'ok', ...common, seq: 1, epoch, by: 'ack' },
    { type: 'claimed', at, client, socket, conversation: ROOM, head: 1, hiddenUpTo: 0 },
    { type: 'received', ...common, socket, seq: 1, author: USER, kind: 'roomCreated', via: 'live' },
  ];
}

const place = { at: 50, epoch: 'new', partition: 0, offset: 1, key: ROOM, author: USER };
const record = (id: string): AuditEvent => ({
  type: 'record',
  ...place,
  id,
  kind: 'roomCreated',
  visibility: 'public',
});

const join = { at: 12, client, conversation: ROOM, id: 'again' };
const beforeAndAfter: AuditEvent[] = [
  { type: 'client', at: 1, client, user: USER, device: 'd', process: 'p' },
  ...welcome(2, 1, 'old'),
  ...create(10, { id: 'first', socket: 1, epoch: 'old' }),
  // To join where one is in already is answered with the number of the first joining.
  { type: 'invoke', ...join, kind: 'joinRoom' },
  { type: 'ok', ...join, seq: 1, epoch: 'old', by: 'ack' },
  { type: 'closed', at: 15, client, socket: 1, code: 1006 },
  ...welcome(20, 2, 'new'),
  ...create(30, { id: 'second', socket: 2, epoch: 'new' }),
];

test('what the log before acknowledged is not lost, and its places are its own', () => {
  expect(checkHistory([...beforeAndAfter, record('second')]).violations).toEqual([]);
});

test('what this log acknowledged is', () => {
  const { violations } = checkHistory([...beforeAndAfter, record('other')]);
  expect(violations.map(({ check }) => check)).toContain('noLoss');
});
