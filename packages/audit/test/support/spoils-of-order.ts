/** More of spoils.ts: what is wrong with screens, order, time and who sees what. */
import { BOUNDS } from './ideal-run.ts';
import { isOfTwo, isPlaced, isQuiet, lastLive, type Spoil } from './spoil.ts';

export const SPOILS_OF_SCREENS_AND_ORDER: readonly Spoil[] = [
  {
    check: 'noDuplicates',
    what: 'a screen shows a row twice',
    apply: (draft) => {
      const screen = draft.pick(draft.all('screen').filter(({ rows }) => rows.length > 0));
      const row = screen && draft.pick(screen.rows);
      return (
        screen &&
        row &&
        draft.replace(screen, { ...screen, rows: screen.rows.flatMap((one) => (one === row ? [one, one] : [one])) })
      );
    },
  },
  {
    check: 'noDuplicates',
    what: 'a screen shows a message in its place and as waiting',
    apply: (draft) => {
      const screen = draft.pick(draft.all('screen').filter(({ rows }) => rows.length > 0));
      return screen && draft.replace(screen, { ...screen, pending: [screen.rows[0]![1]] });
    },
  },
  {
    check: 'screensInOrder',
    what: 'a screen shows two rows the wrong way round',
    apply: (draft) => {
      const screen = draft.pick(draft.all('screen').filter(({ rows }) => rows.length > 1));
      if (screen === undefined) return undefined;
      const [one, other, ...rest] = screen.rows;
      return draft.replace(screen, { ...screen, rows: [other!, one!, ...rest] });
    },
  },
  {
    check: 'authorOrder',
    what: 'what was written first stands behind',
    apply: (draft) => {
      const messages = draft.all('invoke').filter(({ kind, id }) => kind === undefined && isPlaced(draft, id));
      const pairs = messages.flatMap((one, at) => {
        const next = messages
          .slice(at + 1)
          .find((other) => other.client === one.client && other.conversation === one.conversation);
        return next === undefined ? [] : [{ one, next }];
      });
      const pair = draft.pick(pairs);
      if (pair === undefined) return undefined;
      const { one, next } = pair;
      return draft.replace(one, { ...next, at: one.at }, one).filter((event) => event !== next);
    },
  },
  {
    check: 'realTime',
    what: 'what was known before another was written stands behind it',
    apply: (draft) => {
      const oks = draft.all('ok');
      const placed = draft.all('invoke').flatMap((invoke) => {
        const ok = oks.find(({ id }) => id === invoke.id);
        return ok === undefined || !isPlaced(draft, invoke.id) ? [] : [{ invoke, ok }];
      });
      const hellos = draft.all('hello');
      const pairs = placed.flatMap((one, at) => {
        const next = placed.slice(at + 1).find(({ invoke }) => invoke.conversation === one.invoke.conversation);
        if (
          next === undefined ||
          next.invoke.client === one.invoke.client ||
          draft.userOf(next.invoke.client) === draft.userOf(one.invoke.client)
        )
          return [];
        const isDisturbed = [...hellos, ...placed.map(({ invoke }) => invoke)].some(
          ({ client, at: moment }) =>
            client === next.invoke.client && moment >= one.invoke.at - 2 && moment < next.invoke.at,
        );
        return isDisturbed || next.ok.at - one.invoke.at > 300 ? [] : [{ one, next }];
      });
      const pair = draft.pick(pairs);
      if (pair === undefined) return undefined;
      const { one, next } = pair;
      return draft
        .replace(
          one.invoke,
          { ...next.invoke, at: one.invoke.at - 1 },
          { ...next.ok, at: one.invoke.at - 1 },
          one.invoke,
        )
        .filter((event) => event !== next.invoke && event !== next.ok);
    },
  },
  {
    check: 'readYourWrites',
    what: 'a node knows less than it acknowledged',
    apply: (draft) => {
      const oks = draft.all('ok');
      const later = draft.all('received');
      const claim = draft.pick(
        draft.all('claimed').filter(({ client, socket, conversation, head, at }) => {
          const isAcked = oks.some(
            (ok) => ok.client === client && ok.conversation === conversation && ok.seq === head && ok.at < at,
          );
          return (
            isAcked &&
            !later.some(
              (event) => event.client === client && event.socket === socket && event.conversation === conversation,
            )
          );
        }),
      );
      return claim && draft.replace(claim, { ...claim, head: claim.head - 1 });
    },
  },
  {
    check: 'membership',
    what: 'a stranger gets an entry',
    apply: (draft) => {
      const received = draft.pick(
        draft.all('received').filter(({ via, conversation }) => via === 'live' && conversation.startsWith('d_')),
      );
      if (received === undefined) return undefined;
      const strangers = draft.all('opened').filter(({ client, socket, at }) => {
        const closed = draft.all('closed').find((event) => event.client === client && event.socket === socket);
        return (
          at < received.at - 20 &&
          (closed?.at ?? Infinity) > received.at &&
          !isOfTwo(received.conversation, draft.userOf(client))
        );
      });
      const stranger = draft.pick(strangers);
      return (
        stranger &&
        draft.after(received, { ...received, client: stranger.client, socket: stranger.socket, via: 'fetch' })
      );
    },
  },
  {
    check: 'caughtUp',
    what: 'a replayed entry comes after caughtUp',
    apply: (draft) => {
      const received = draft.pick(draft.all('received').filter(({ via }) => via === 'replay'));
      const caughtUp =
        received &&
        draft.all('caughtUp').find((event) => event.client === received.client && event.socket === received.socket);
      return (
        received &&
        caughtUp &&
        draft.after(caughtUp, { ...received, at: caughtUp.at }).filter((event) => event !== received)
      );
    },
  },
  {
    check: 'boundedLag',
    what: 'a push comes long after the ack',
    apply: (draft) => {
      const received = draft.pick(
        lastLive(draft).filter(({ id, client, socket }) => {
          const ok = draft.all('ok').find((event) => event.id === id);
          const up = draft.all('caughtUp').find((event) => event.client === client && event.socket === socket);
          return ok !== undefined && up !== undefined && up.at <= ok.at;
        }),
      );
      const lag = BOUNDS.lag?.fault ?? 0;
      return received && draft.replace(received, { ...received, at: received.at + lag + 100 });
    },
  },
  {
    check: 'presence',
    what: 'somebody who is here blinks',
    apply: (draft) => {
      const place = draft.pick(
        draft
          .all('presence')
          .filter(({ client, user, state, at }) => state === 'online' && isQuiet(draft, { client, user }, at)),
      );
      return (
        place &&
        draft.after(place, { ...place, at: place.at + 2_000, state: 'offline' }, { ...place, at: place.at + 2_010 })
      );
    },
  },
  {
    check: 'presence',
    what: 'somebody who left stays',
    apply: (draft) => {
      const place = draft.pick(
        draft
          .all('presence')
          .filter(({ client, user, state, at }) => state === 'offline' && isQuiet(draft, { client, user }, at)),
      );
      return place && draft.replace(place);
    },
  },
  {
    check: 'unseen',
    what: 'an entry is missing on a screen at the end',
    apply: (draft) => {
      const screen = draft.pick(draft.all('screen').filter(({ final, rows }) => final && rows.length > 0));
      const row = screen && draft.pick(screen.rows);
      return screen && draft.replace(screen, { ...screen, rows: screen.rows.filter((one) => one !== row) });
    },
  },
];
