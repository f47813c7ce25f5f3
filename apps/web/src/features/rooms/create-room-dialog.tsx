import { type Visibility, normalizeName } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { Globe, Lock } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { ICON } from '../../components/icon.ts';
import { goTo } from '../../route.ts';
import styles from './create-room-dialog.module.css';
import { useRefusal } from './refusal.ts';

export function CreateRoomDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const [name, setName] = useState('');
  const [visibility, setVisibility] = useState<Visibility>('public');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const clean = normalizeName(name);
    if (clean === undefined)
      return setError(
        name.trim() === '' ? t`Type a name first.` : t`This name cannot be used. Try letters and numbers.`,
      );
    setBusy(true);
    try {
      const id = await client.createRoom(clean, visibility);
      onClose();
      goTo({ at: 'conversation', id, details: false });
    } catch (cause) {
      setError(explain(cause));
      setBusy(false);
    }
  };

  return (
    <Dialog title={t`New room`} onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void submit(event)}>
        <Field
          label={t`Name of the room`}
          value={name}
          data-autofocus
          error={error}
          onChange={(event) => {
            setName(event.target.value);
            setError(undefined);
          }}
        />
        <fieldset className={styles.choices}>
          <legend className="spoken">
            <Trans>Who can come in</Trans>
          </legend>
          <label className={styles.choice}>
            <input
              type="radio"
              name="visibility"
              className="spoken"
              checked={visibility === 'public'}
              onChange={() => setVisibility('public')}
            />
            <Globe {...ICON} />
            <span>
              <span className={styles.word}>
                <Trans>Public</Trans>
              </span>
              <span className={styles.meaning}>
                <Trans>Listed; everybody can join and read everything.</Trans>
              </span>
            </span>
          </label>
          <label className={styles.choice}>
            <input
              type="radio"
              name="visibility"
              className="spoken"
              checked={visibility === 'private'}
              onChange={() => setVisibility('private')}
            />
            <Lock {...ICON} />
            <span>
              <span className={styles.word}>
                <Trans>Private</Trans>
              </span>
              <span className={styles.meaning}>
                <Trans>Not listed; one comes in by an invite link.</Trans>
              </span>
            </span>
          </label>
        </fieldset>
        <div className={styles.actions}>
          <Button onClick={onClose}>
            <Trans>Cancel</Trans>
          </Button>
          <Button kind="primary" type="submit" aria-busy={busy}>
            <Trans>Create room</Trans>
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
