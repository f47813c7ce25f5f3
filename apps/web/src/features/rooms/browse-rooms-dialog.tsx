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

/** Rooms that everybody can join. */
export function BrowseRoomsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const [rooms, setRooms] = useState<readonly RoomListing[]>();
  const [next, setNext] = useState<string>();
  const [error, setError] = useState<string>();

  const load = async (cursor?: string) => {
    try {
      const page = await client.listRooms({ limit: 50, ...(cursor === undefined ? {} : { cursor }) });
      setRooms((known) => [...(cursor === undefined ? [] : (known ?? [])), ...page.rows]);
      setNext(page.next);
      setError(undefined);
    } catch (cause) {
      setError(explain(cause));
    }
  };
  useEffect(() => {
    void load();
    // Once for each opening.
  }, [client]);

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
        <Button onClick={() => void load(next)}>
          <Trans>Show more</Trans>
        </Button>
      )}
      <p className={styles.note} role="status">
        {error}
        {rooms === undefined && error === undefined ? <Trans>Loading…</Trans> : null}
        {rooms?.length === 0 ? <Trans>There is no public room yet. Make the first one.</Trans> : null}
      </p>
    </Dialog>
  );
}
