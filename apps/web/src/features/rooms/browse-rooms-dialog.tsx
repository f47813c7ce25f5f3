import type { RoomListing } from '@parley/protocol';
import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { useEffect, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { Avatar } from '../../components/avatar.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { goTo } from '../../route.ts';
import styles from './browse-rooms-dialog.module.css';
import { useRefusal } from './refusal.ts';

const PAGE = 50;

/** Rooms that everybody can join. */
export function BrowseRoomsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const [rooms, setRooms] = useState<readonly RoomListing[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<string>();

  useEffect(() => {
    let isCurrent = true;
    client.listRooms({ limit: PAGE }).then(
      (page) => {
        if (!isCurrent) return;
        setRooms(page.rows);
        setNext(page.next);
      },
      (cause: unknown) => {
        if (isCurrent) setError(explain(cause));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [client, explain]);

  const more = async (cursor: string) => {
    try {
      const page = await client.listRooms({ limit: PAGE, cursor });
      setRooms((known) => [...(known ?? []), ...page.rows]);
      setNext(page.next);
    } catch (cause) {
      setError(explain(cause));
    }
  };
  const open = async (room: RoomListing) => {
    try {
      if (!room.joined) await client.joinRoom(room.id);
      onClose();
      goTo({ at: 'conversation', id: room.id, details: false });
    } catch (cause) {
      setError(explain(cause));
    }
  };

  return (
    <Dialog title={t`Public rooms`} onClose={onClose}>
      <ul className={styles.rooms}>
        {rooms?.map((room) => (
          <li key={room.id} className={styles.room}>
            <Avatar id={room.id} name={room.name} square />
            <span className={styles.words}>
              <bdi className={styles.name}>{room.name}</bdi>
              <span className={styles.count}>
                <Plural value={room.memberCount} one="# member" other="# members" />
              </span>
            </span>
            <Button kind={room.joined ? 'plain' : 'primary'} onClick={() => void open(room)}>
              {room.joined ? <Trans>Open</Trans> : <Trans>Join</Trans>}
            </Button>
          </li>
        ))}
      </ul>
      {next === undefined ? null : (
        <Button onClick={() => void more(next)}>
          <Trans>Show more</Trans>
        </Button>
      )}
      <output className={styles.note}>
        {error}
        {rooms === undefined && error === undefined ? <Trans>Loading…</Trans> : null}
        {rooms?.length === 0 ? <Trans>There is no public room yet. Make the first one.</Trans> : null}
      </output>
    </Dialog>
  );
}
