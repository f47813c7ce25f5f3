import { Trans, useLingui } from '@lingui/react/macro';
import { normalizeName } from '@parley/protocol';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { SignInRefused, signIn } from '../../chat-client/session.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Wordmark } from '../../components/wordmark.tsx';
import { useRoute } from '../../route.ts';
import { LocalePicker } from '../settings/locale-picker.tsx';
import styles from './entry.module.css';

/** A name and one key: the whole way in. */
export function Entry({ ended }: { ended: boolean }) {
  const { t } = useLingui();
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const { at } = useRoute();
  const field = useRef<HTMLInputElement>(null);

  // The one thing to do on this page.
  useEffect(() => field.current?.focus(), []);

  const explain = (cause: unknown): string => {
    if (cause instanceof SignInRefused && cause.reason === 'rate_limited')
      return t`Too many people came in from here just now. Try again in a minute.`;
    if (cause instanceof SignInRefused) return t`This name cannot be used. Try letters and numbers.`;
    return t`Parley cannot be reached. Check your connection and try again.`;
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    if (name.trim() === '') return setError(t`Type a name first.`);
    if (normalizeName(name) === undefined)
      return setError(t`This name is too long or has characters that cannot be seen.`);
    setBusy(true);
    setError(undefined);
    try {
      await signIn(name);
    } catch (cause) {
      setError(explain(cause));
      setBusy(false);
    }
  };

  return (
    <div className={styles.page}>
      <main className={styles.main}>
        <Wordmark />
        <p className={styles.lead}>
          {ended ? (
            <Trans>You were signed out. Enter a name to go on.</Trans>
          ) : at === 'brokenInvite' ? (
            <Trans>
              This invite link is not complete. Ask for the whole link, or enter a name and come in without it.
            </Trans>
          ) : at === 'invite' ? (
            <Trans>You are invited to a room. Enter a name and you are in.</Trans>
          ) : (
            <Trans>A quiet place to talk. Enter a name and you are in.</Trans>
          )}
        </p>
        <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
          <Field
            label={t`Your name`}
            name="name"
            value={name}
            ref={field}
            autoComplete="nickname"
            enterKeyHint="go"
            error={error}
            onChange={(event) => {
              setName(event.target.value);
              setError(undefined);
            }}
          />
          <Button kind="primary" type="submit" className={styles.submit} aria-busy={busy}>
            <Trans>Start talking</Trans>
          </Button>
        </form>
      </main>
      <footer className={styles.footer}>
        <LocalePicker />
      </footer>
    </div>
  );
}
