import type { Person } from '@parley/client';
import type { RoomListing } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';
import { peerOf } from '../../chat-client/titles.ts';
import { extraWatchStore } from '../shell/use-watch.ts';
import { RoomListingRow } from '../rooms/room-listing-row.tsx';
import { ConversationRow } from './conversation-row.tsx';
import styles from './people-list.module.css';
import { PersonRow } from './person-row.tsx';
import { Section } from './section.tsx';

// Waits for a pause in typing before it asks.
const PAUSE_MS = 150;

interface Found {
  people: readonly Person[];
  rooms: readonly RoomListing[];
  failed: boolean;
}

/** Own conversations at once; people and public rooms as soon as the relay answers. */
export function SearchResults({
  search,
  selected,
  onPick,
}: {
  search: string;
  selected: string | undefined;
  onPick: () => void;
}) {
  const { t } = useLingui();
  const own = useOwnMatches(search);
  const found = useFound(search);
  // One place is marked once: where it is a conversation already, its row there has the mark.
  const selectedPerson = selected !== undefined && own.includes(selected) ? undefined : selected;
  const isEmpty = own.length === 0 && found !== undefined && found.people.length === 0 && found.rooms.length === 0;
  return (
    <>
      {own.length === 0 ? null : (
        <Section title={t`Conversations`}>
          <ul>
            {own.map((id) => (
              <ConversationRow key={id} id={id} selected={id === selected} onPick={onPick} />
            ))}
          </ul>
        </Section>
      )}
      {found === undefined || found.people.length === 0 ? null : (
        <Section title={t`People`}>
          <ul>
            {found.people.map((person) => (
              <PersonRow key={person.id} user={person} selected={selectedPerson} onPick={onPick} />
            ))}
          </ul>
        </Section>
      )}
      {found === undefined || found.rooms.length === 0 ? null : (
        <Section title={t`Public rooms`}>
          <ul>
            {found.rooms.map((room) => (
              <RoomListingRow key={room.id} room={room} onPick={onPick} />
            ))}
          </ul>
        </Section>
      )}
      <output className={styles.note}>
        {found === undefined ? <Trans>Searching…</Trans> : null}
        {found?.failed === true ? <Trans>People and rooms cannot be searched without a connection.</Trans> : null}
        {isEmpty && !found.failed ? <Trans>Nobody and nothing of this name.</Trans> : null}
      </output>
    </>
  );
}

function useFound(search: string): Found | undefined {
  const client = useClient();
  const [found, setFound] = useState<Found>();
  useEffect(() => {
    let isCurrent = true;
    const ask = async () => {
      const [people, rooms] = await Promise.allSettled([
        client.listPeople({ search, limit: 30 }),
        client.listRooms({ search, limit: 30 }),
      ]);
      if (!isCurrent) return;
      const persons = people.status === 'fulfilled' ? people.value.rows : [];
      setFound({
        people: persons,
        rooms: rooms.status === 'fulfilled' ? rooms.value.rows.filter((room) => !room.joined) : [],
        failed: people.status === 'rejected',
      });
      extraWatchStore.set(persons.map((person) => person.id));
    };
    const timer = setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, search]);
  useEffect(() => () => extraWatchStore.set([]), []);
  return found;
}

function useOwnMatches(search: string): readonly string[] {
  const order = useChat((chat) => chat.order);
  const conversations = useChat((chat) => chat.conversations);
  const users = useChat((chat) => chat.users);
  const me = useChat((chat) => chat.me);
  const wanted = search.toLocaleLowerCase();
  return order.filter((id) => {
    const details = conversations.get(id)?.details;
    const name = details?.kind === 'room' ? details.name : users.get(peerOf(id, me) ?? '')?.name;
    return name?.toLocaleLowerCase().includes(wanted) ?? false;
  });
}
