import type { User } from '@parley/protocol';
import { Trans } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { PersonRow } from '../people/person-row.tsx';
import { extraWatchStore } from '../shell/use-watch.ts';
import styles from './details-pane.module.css';
import { useRefusal } from './refusal.ts';

const PAGE = 50;

/** Who is in the room; asked again when somebody comes or goes. */
export function MembersList({ room, memberCount }: { room: string; memberCount: number }) {
  const client = useClient();
  const explain = useRefusal();
  const [members, setMembers] = useState<readonly User[]>([]);
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    let isCurrent = true;
    client.listMembers(room, { limit: Math.max(1, Math.min(PAGE, memberCount)) }).then(
      (page) => {
        if (!isCurrent) return;
        setMembers(page.rows);
        setNext(page.next);
        setError(undefined);
        extraWatchStore.set(page.rows.map((user) => user.id));
      },
      (cause: unknown) => {
        if (isCurrent) setError(explain(cause));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [client, room, memberCount, explain]);
  useEffect(() => () => extraWatchStore.set([]), []);

  const more = async () => {
    try {
      const page = await client.listMembers(room, { limit: PAGE, ...(next === undefined ? {} : { cursor: next }) });
      setMembers((known) => [...known, ...page.rows]);
      setNext(page.next);
    } catch (cause) {
      setError(explain(cause));
    }
  };

  return (
    <section className={styles.section}>
      <h3 className={styles.title}>
        <Trans>Members ({memberCount})</Trans>
      </h3>
      <ul className={styles.members} data-testid="members">
        {members.map((user) => (
          <PersonRow key={user.id} user={user} selected={undefined} />
        ))}
      </ul>
      {next === undefined ? null : (
        <Button onClick={() => void more()}>
          <Trans>Show more</Trans>
        </Button>
      )}
      <output className={styles.hint}>{error}</output>
    </section>
  );
}
