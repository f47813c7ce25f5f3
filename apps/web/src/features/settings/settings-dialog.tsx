import { Plural, Trans, useLingui } from '@lingui/react/macro';
import { normalizeName } from '@parley/protocol';
import { type FormEvent, useState } from 'react';
import { useChat, useMe } from '../../chat-client/hooks.ts';
import { rename, signOut } from '../../chat-client/session.ts';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field } from '../../components/field.tsx';
import { useStore } from '../../lib/store.ts';
import { THEMES, type Theme, setTheme, themeStore } from '../../settings/preferences.ts';
import { InPlaceQuestion, focusOnSight } from '../rooms/in-place-question.tsx';
import { LocalePicker } from './locale-picker.tsx';
import styles from './settings-dialog.module.css';

export function SettingsDialog({ onClose }: { onClose: () => void }) {
  const { t } = useLingui();
  return (
    <Dialog title={t`Settings`} onClose={onClose}>
      <div className={styles.rows}>
        <NameForm />
        <div className={styles.row}>
          <span>
            <Trans>Language</Trans>
          </span>
          <LocalePicker />
        </div>
        <ThemePicker />
        <SignOutButton />
      </div>
    </Dialog>
  );
}

function NameForm() {
  const { t } = useLingui();
  const me = useMe();
  const [name, setName] = useState(me?.name ?? '');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (normalizeName(name) === undefined) return setError(t`This name cannot be used. Try letters and numbers.`);
    setBusy(true);
    try {
      await rename(name);
      setError(undefined);
    } catch {
      setError(t`The name could not be changed. Try again in a moment.`);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className={styles.name} onSubmit={(event) => void submit(event)}>
      <Field label={t`Your name`} value={name} error={error} onChange={(event) => setName(event.target.value)} />
      <Button type="submit" disabled={busy || normalizeName(name) === me?.name} className={styles.save}>
        <Trans>Save</Trans>
      </Button>
    </form>
  );
}

function ThemePicker() {
  const { t } = useLingui();
  const theme = useStore(themeStore);
  const words: Record<Theme, string> = { system: t`System`, light: t`Light`, dark: t`Dark` };
  return (
    <fieldset className={styles.row}>
      <legend className={styles.legend}>
        <Trans>Appearance</Trans>
      </legend>
      <div className={styles.segments}>
        {THEMES.map((each) => (
          <label key={each} className={styles.segment}>
            <input
              type="radio"
              name="theme"
              className="spoken"
              checked={theme === each}
              onChange={() => setTheme(each)}
            />
            {words[each]}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function SignOutButton() {
  const { t } = useLingui();
  const waiting = useChat((chat) => chat.waitingCount);
  const [asking, setAsking] = useState<'not yet' | 'now' | 'answered'>('not yet');
  const [error, setError] = useState<string>();
  const leave = async () => {
    try {
      await signOut();
    } catch {
      setError(t`Parley cannot be reached. Check your connection and try again.`);
    }
  };
  const consequence = <Trans>Signing out forgets your name here. You cannot come back as the same person.</Trans>;
  if (asking === 'now')
    return (
      <div className={styles.question}>
        <InPlaceQuestion
          yes={<Trans>Sign out</Trans>}
          no={<Trans>Stay signed in</Trans>}
          onYes={() => void leave()}
          onNo={() => {
            setError(undefined);
            setAsking('answered');
          }}
        >
          {consequence}{' '}
          {waiting === 0 ? null : (
            <Plural
              value={waiting}
              one="# message still waits to be sent and would be lost."
              other="# messages still wait to be sent and would be lost."
            />
          )}
        </InPlaceQuestion>
        <output className={styles.error}>{error}</output>
      </div>
    );
  return (
    <div className={styles.leave}>
      <p className={styles.hint}>{consequence}</p>
      <Button kind="danger" ref={asking === 'answered' ? focusOnSight : null} onClick={() => setAsking('now')}>
        <Trans>Sign out</Trans>
      </Button>
    </div>
  );
}
