/** One fault each, put into a history that has none: by the check that must find it. */
import type { AuditEventOf } from '../../src/index.ts';
import { NODES } from './ideal-stage.ts';
import {
  isDumpOrSeen,
  isNextOnSocket,
  isOfTwo,
  isOnSameSocket,
  isPlaced,
  lastLive,
  type Spoil,
  UNKNOWN_ID,
} from './spoil.ts';
import { SPOILS_OF_SCREENS_AND_ORDER } from './spoils-of-order.ts';

export const SPOILS: readonly Spoil[] = [
  {
    check: 'viewsEqual',
    what: 'a node lacks the newest entry',
    apply: (draft) => {
      const view = draft.pick(draft.all('view').filter(({ entries }) => entries.length > 1));
      return view && draft.replace(view, { ...view, entries: view.entries.slice(0, -1) });
    },
  },
  {
    check: 'viewsEqual',
    what: 'a node has another hash at the same place',
    apply: (draft) => {
      const position = draft.pick(draft.all('position').filter(({ node }) => node !== NODES[0]));
      return position && draft.replace(position, { ...position, hash: 'other' });
    },
  },
  {
    check: 'foldEqual',
    what: 'all nodes lack what the log has',
    apply: (draft) => {
      const one = draft.pick(draft.all('view').filter(({ entries }) => entries.length > 1));
      if (one === undefined) return undefined;
      return draft.events.map((event) =>
        event.type === 'view' && event.conversation === one.conversation
          ? { ...event, entries: event.entries.slice(0, -1) }
          : event,
      );
    },
  },
  {
    check: 'agreement',
    what: 'a client gets another entry at a place',
    apply: (draft) => {
      const received = draft.pick(
        draft.all('received').filter(({ author, client }) => draft.userOf(client) !== author),
      );
      return received && draft.replace(received, { ...received, id: UNKNOWN_ID });
    },
  },
  {
    check: 'noLoss',
    what: 'what was acknowledged is nowhere',
    apply: (draft) => {
      const ok = draft.lateAck();
      if (ok === undefined) return undefined;
      const { client, conversation, epoch } = ok;
      const common = { at: draft.phase('heal').at, client, conversation, id: UNKNOWN_ID };
      const seq = draft.headOf(conversation) + 1;
      return draft.after(
        draft.phase('heal'),
        { type: 'invoke', ...common },
        { type: 'ok', ...common, seq, epoch, by: 'ack' },
      );
    },
  },
  {
    check: 'noGhost',
    what: 'what was refused for good is there',
    apply: (draft) => {
      const own = draft.all('invoke').filter(({ kind }) => kind === undefined);
      const ok = draft.pick(draft.all('ok').filter(({ id }) => own.some((invoke) => invoke.id === id)));
      return (
        ok &&
        draft.replace(ok, {
          type: 'fail',
          at: ok.at,
          client: ok.client,
          id: ok.id,
          code: 'not_found',
          retryable: false,
        })
      );
    },
  },
  {
    check: 'noGhost',
    what: 'somebody is said to have written what they never wrote',
    apply: (draft) => {
      const record = draft.pick(
        draft.all('record').filter(({ kind, id }) => kind === 'message' && isPlaced(draft, id)),
      );
      return (
        record && draft.events.filter((event) => !('id' in event && event.id === record.id) || isDumpOrSeen(event))
      );
    },
  },
  {
    check: 'sameText',
    what: 'a text arrives changed',
    apply: (draft) => {
      const received = draft.pick(draft.all('received').filter(({ text }) => text !== undefined));
      return received && draft.replace(received, { ...received, text: '3.changed' });
    },
  },
  {
    check: 'once',
    what: 'an entry comes a second time under another number',
    apply: (draft) => {
      const received = draft.pick(
        lastLive(draft).filter(({ client, conversation }) => isOfTwo(conversation, draft.userOf(client))),
      );
      return (
        received && draft.after(received, { ...received, seq: draft.headOf(received.conversation) + 1, via: 'fetch' })
      );
    },
  },
  {
    check: 'unknownsResolve',
    what: 'a client still waits at the end',
    apply: (draft) => {
      const screen = draft.pick(draft.all('screen').filter(({ final }) => final));
      return screen && draft.replace(screen, { ...screen, pending: [UNKNOWN_ID] });
    },
  },
  {
    check: 'equalAnswers',
    what: 'a second ack gives another number',
    apply: (draft) => {
      const ok = draft.lateAck();
      return ok && draft.after(ok, { ...ok, seq: draft.headOf(ok.conversation) + 1 });
    },
  },
  {
    check: 'equalAnswers',
    what: 'what was acknowledged is refused for good later',
    apply: (draft) => {
      const ok = draft.lateAck();
      return (
        ok &&
        draft.after(ok, { type: 'fail', at: ok.at, client: ok.client, id: ok.id, code: 'not_found', retryable: false })
      );
    },
  },
  {
    check: 'rightRefusals',
    what: 'somebody who is there is said not to be',
    apply: (draft) => {
      const welcomed = draft.all('welcome').map(({ client, at }) => ({ user: draft.userOf(client), at }));
      const isToSomebody = ({ conversation, client, at }: AuditEventOf<'invoke'>): boolean => {
        const author = draft.userOf(client);
        const there = new Set(welcomed.filter((one) => one.at < at).map(({ user }) => user));
        return isOfTwo(conversation, author) && [...there].filter((user) => isOfTwo(conversation, user)).length === 2;
      };
      const invoke = draft.pick(draft.all('invoke').filter(isToSomebody));
      if (invoke === undefined) return undefined;
      const { at, client } = invoke;
      const refused = { type: 'fail', at, client, id: UNKNOWN_ID, code: 'not_found', retryable: false } as const;
      return draft.after(invoke, { ...invoke, id: UNKNOWN_ID }, refused);
    },
  },
  {
    check: 'contiguity',
    what: 'a push is left out, and fetched after the next',
    apply: (draft) => {
      const pushed = draft.all('received').filter(({ via, again }) => via === 'live' && again !== true);
      const pairs = pushed.flatMap((one) => {
        const next = pushed.find((other) => isNextOnSocket(one, other));
        // Described anew, as who comes back is, the node names the head itself.
        const isDescribed = draft.all('claimed').some((claim) => isOnSameSocket(one, claim) && claim.head >= one.seq);
        return next === undefined || isDescribed ? [] : [{ one, next }];
      });
      const pair = draft.pick(pairs);
      if (pair === undefined) return undefined;
      const { one, next } = pair;
      return draft.after(next, { ...one, at: next.at, via: 'fetch' }).filter((event) => event !== one);
    },
  },
  {
    check: 'monotonicApply',
    what: 'a client takes an entry for new twice',
    apply: (draft) => {
      const received = draft.pick(draft.all('received').filter(({ again }) => again !== true));
      return received && draft.after(received, { ...received, via: 'fetch' });
    },
  },
  {
    check: 'monotonicApply',
    what: 'a socket is pushed an older entry again',
    apply: (draft) => {
      const received = draft.pick(draft.all('received').filter(({ via }) => via === 'live'));
      return received && draft.after(received, { ...received, again: true });
    },
  },
  ...SPOILS_OF_SCREENS_AND_ORDER,
  ...SPOILS_OF_SCREENS_AND_ORDER,
];
