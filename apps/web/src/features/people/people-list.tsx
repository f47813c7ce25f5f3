import type { ChatSnapshot } from '@parley/client';
import type { Presence, PresenceState, User } from '@parley/protocol';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { LOBBY_MAX_PEOPLE } from '@parley/protocol';
import { useMemo } from 'react';
import { useChat } from '../../chat-client/hooks.ts';
import { usePresenceStale } from '../connection/connection-words.ts';
import styles from './people-list.module.css';
import { PersonRow } from './person-row.tsx';
import { Section } from './section.tsx';

const RANK: Record<PresenceState, number> = { online: 0, away: 1, offline: 2 };
// People who left lately stay in sight, but only so many.
const OFFLINE_SHOWN = 20;

/** Everybody who is here, live; then those who were here lately. */
export function PeopleList({ selected }: { selected: string | undefined }) {
  const { t, i18n } = useLingui();
  const users = useChat((chat) => chat.users);
  const presences = useChat((chat) => chat.presences);
  const me = useChat((chat) => chat.me?.id);
  const onlineCount = useChat((chat) => chat.onlineCount);
  const isStale = usePresenceStale();
  const people = useMemo(
    () => sortPeople({ users, presences, me, locale: i18n.locale }),
    [users, presences, me, i18n.locale],
  );

  const isCrowded = onlineCount > LOBBY_MAX_PEOPLE;
  // As many as the list shows; the relay's own count has oneself in it.
  const others = isCrowded ? onlineCount - 1 : people.filter(({ id }) => isHere(presences.get(id))).length;

  return (
    <Section title={t`People`} count={<Count others={others} isStale={isStale} />}>
      {isCrowded ? (
        <p className={styles.note}>
          <Trans>Too many to list. Search for a name above.</Trans>
        </p>
      ) : null}
      {people.length === 0 ? (
        <p className={styles.note}>
          <Trans>Nobody else is here yet. Send somebody this page's address.</Trans>
        </p>
      ) : (
        <ul data-testid="people">
          {people.map((user) => (
            <PersonRow key={user.id} user={user} selected={selected} compact />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Count({ others, isStale }: { others: number; isStale: boolean }) {
  if (isStale) return <Trans>may be out of date</Trans>;
  return others > 0 ? <Plural value={others} one="# other online" other="# others online" /> : null;
}

const isHere = (presence: Presence | undefined): boolean => presence !== undefined && presence.state !== 'offline';

function sortPeople({
  users,
  presences,
  me,
  locale,
}: Pick<ChatSnapshot, 'users' | 'presences'> & { me: string | undefined; locale: string }): User[] {
  const collator = new Intl.Collator(locale);
  const rows: { user: User; rank: number; seenAt: number }[] = [];
  for (const presence of presences.values()) {
    const user = users.get(presence.user);
    if (user === undefined || user.id === me) continue;
    rows.push({ user, rank: RANK[presence.state], seenAt: presence.lastSeenAt ?? 0 });
  }
  const here = rows
    .filter((row) => row.rank < RANK.offline)
    .toSorted(
      (a, b) => a.rank - b.rank || collator.compare(a.user.name, b.user.name) || (a.user.id < b.user.id ? -1 : 1),
    );
  const gone = rows.filter((row) => row.rank === RANK.offline).toSorted((a, b) => b.seenAt - a.seenAt);
  return [...here, ...gone.slice(0, OFFLINE_SHOWN)].map((row) => row.user);
}
