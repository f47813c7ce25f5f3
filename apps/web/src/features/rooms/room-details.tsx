import { type Conversation, normalizeName } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { type FormEvent, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { goTo } from '../../route.ts';
import styles from './details-pane.module.css';
import { InPlaceQuestion, focusOnSight } from './in-place-question.tsx';
import { InviteLink } from './invite-link.tsx';
import { MembersList } from './members-list.tsx';
import { useRefusal } from './refusal.ts';

type Room = Extract<Conversation, { kind: 'room' }>;

export function RoomDetails({ room }: { room: Room }) {
  if (!room.joined)
    return (
      <p className={styles.hint}>
        <Trans>You are not in this room any more. What you saw stays readable.</Trans>
      </p>
    );
  return (
    <>
      <InviteLink room={room.id} isPrivate={room.visibility === 'private'} />
      <MembersList room={room.id} memberCount={room.memberCount} />
      <RenameForm room={room} />
      <LeaveButton room={room} />
    </>
  );
}

interface Edit {
  text: string;
  /** Acknowledged: it stands until the room is no longer called this, which the page may hear a moment later. */
  replaces?: string;
}

function RenameForm({ room }: { room: Room }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  // Undefined while nobody typed here: then the field shows the name as others change it.
  const [edit, setEdit] = useState<Edit>();
  const [error, setError] = useState<string>();
  const name = edit?.text ?? room.name;
  if (edit?.replaces !== undefined && edit.replaces !== room.name) setEdit(undefined);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const clean = normalizeName(name);
    if (clean === undefined) return setError(t`This name cannot be used. Try letters and numbers.`);
    const replaces = room.name;
    try {
      await client.renameRoom(room.id, clean);
      setError(undefined);
      // Whoever typed on meanwhile goes on.
      setEdit((now) => (now === edit && now !== undefined ? { ...now, replaces } : now));
    } catch (cause) {
      setError(explain(cause));
    }
  };
  const type = (text: string) => setEdit(text === room.name ? undefined : { text });
  return (
    <form className={`${styles.section} ${styles.form}`} onSubmit={(event) => void submit(event)}>
      <Field label={t`Name of the room`} value={name} error={error} onChange={(event) => type(event.target.value)} />
      <Button type="submit" className={styles.save} disabled={normalizeName(name) === room.name}>
        <Trans>Rename</Trans>
      </Button>
    </form>
  );
}

function LeaveButton({ room }: { room: Room }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const [asking, setAsking] = useState<'not yet' | 'now' | 'answered'>('not yet');
  const [error, setError] = useState<string>();
  const leave = async () => {
    try {
      await client.leaveRoom(room.id);
      goTo({ at: 'home' });
    } catch (cause) {
      setError(explain(cause));
    }
  };
  return (
    <section className={styles.section}>
      {asking === 'now' ? (
        <InPlaceQuestion
          yes={<Trans>Leave</Trans>}
          no={<Trans>Stay</Trans>}
          onYes={() => void leave()}
          onNo={() => setAsking('answered')}
        >
          {room.visibility === 'private'
            ? t`You will need an invite link to come back.`
            : t`You can come back whenever you like.`}
        </InPlaceQuestion>
      ) : (
        <Button kind="danger" ref={asking === 'answered' ? focusOnSight : null} onClick={() => setAsking('now')}>
          <Trans>Leave room</Trans>
        </Button>
      )}
      <output className={styles.hint}>{error}</output>
    </section>
  );
}
