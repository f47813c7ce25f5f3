/**
 * The product with one thing wrong each. They sit in front of it and behind it, in this package only: nothing in the product can be
 * switched to behave like them. The checker must find every one.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { FrameSocket } from '@parley/relay/outbound';
import type { Services } from '@parley/relay/services';
import type { Mutant } from '../run.ts';
import { framesIn } from '../world/websocket.ts';
import { takeRepeatsForNew } from './no-dedupe.ts';
import { wrapSocket } from './wrap-socket.ts';

export const MUTANTS: readonly Mutant[] = [
  { name: 'ackBeforeAppend', doors: () => ({ services: ackBeforeAppend }) },
  {
    name: 'onePushDropped',
    soonWith: { users: 6, actEveryMs: 50 },
    doors: (world) => {
      const random = world.random.fork('dropped pushes');
      return {
        socket: (socket) =>
          filterFrames(socket, (text) => !text.includes('"type":"entries"') || !random.chance(1 / 10_000)),
      };
    },
  },
  { name: 'noDedupe', doors: takeRepeatsForNew },
  {
    name: 'cursorNotAdvanced',
    doors: () => ({ beforeStart: setBackCursor }),
    soonWith: { faults: ['relayKilled'], faultEveryMs: 3_000 },
  },
  {
    name: 'wallClockLeases',
    soonWith: { faults: ['clockStepped'], faultEveryMs: 1_000 },
    doors: () => ({
      process: (process) => {
        const { clock } = process;
        Object.defineProperty(process, 'clock', { value: { ...clock, monotonicMs: () => clock.wallMs() } });
        return process;
      },
    }),
  },
  {
    name: 'noMembershipCheck',
    doors: () => ({ services: showAfterLeaving }),
    soonWith: { faults: ['reload', 'clientsReset'], faultEveryMs: 1_000, actEveryMs: 50 },
  },
  {
    name: 'staysCutOff',
    soonWith: { faults: ['relayCutFromBrokers'], faultTypicalMs: 15_000, faultEveryMs: 8_000 },
    doors: () => ({
      node: ({ sessions }) => {
        sessions.offerElsewhere = () => {};
      },
    }),
  },
  { name: 'caughtUpFirst', doors: () => ({ socket: sayCaughtUpFirst }) },
];

/** A message is acknowledged with the number that it will probably get. */
function ackBeforeAppend(services: Services): Services {
  const { operations, queries } = services;
  const run: Services['operations']['run'] = (draft) => {
    const decided = operations.run(draft);
    if (draft.head.kind !== 'message') return decided;
    return Promise.resolve({ ok: true, seq: (queries.conversation(draft.key)?.head ?? 0) + 1, at: draft.head.at });
  };
  return { ...services, operations: Object.create(operations, { run: { value: run } }) as Services['operations'] };
}

/** Somebody who left is shown what came after. */
function showAfterLeaving(services: Services): Services {
  const { queries } = services;
  const access = queries.access.bind(queries);
  queries.access = (user, id) => {
    const found = access(user, id);
    return found === undefined || found.isMember ? found : { ...found, upTo: found.conversation.head };
  };
  return services;
}

/** What was applied is in the file, but not how far that was. */
function setBackCursor(folder: string): void {
  const file = join(folder, 'view.sqlite');
  if (!existsSync(file)) return;
  const database = new DatabaseSync(file);
  database.exec(`UPDATE positions SET next = 0, hash = 0 WHERE topic = 'log'`);
  database.close();
}

function filterFrames(socket: FrameSocket, keep: (text: string) => boolean): FrameSocket {
  return wrapSocket(socket, (bytes) => {
    const kept = framesIn(bytes).filter(({ text }) => keep(text));
    return Buffer.concat(kept.map((frame) => frame.bytes));
  });
}

function sayCaughtUpFirst(socket: FrameSocket): FrameSocket {
  const caughtUp = Buffer.from('{"type":"caughtUp"}');
  const frame = Buffer.concat([Buffer.from([0x81, caughtUp.length]), caughtUp]);
  return wrapSocket(socket, (bytes) =>
    Buffer.concat(
      framesIn(bytes).flatMap(({ text, bytes: own }) => {
        if (text.startsWith('{"type":"welcome"')) return [own, frame];
        return text.startsWith('{"type":"caughtUp"') ? [] : [own];
      }),
    ),
  );
}
