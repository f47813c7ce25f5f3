import { Trans, useLingui } from '@lingui/react/macro';
import { normalizeName } from '@parley/protocol';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { SignInRefused } from '../../chat-client/session.ts';
import { Button } from '../../components/button.tsx';
import { Field } from '../../components/field.tsx';
import { Wordmark } from '../../components/wordmark.tsx';
import { useRoute } from '../../route.ts';
import { LocalePicker } from '../settings/locale-picker.tsx';
import styles from './entry.module.css';
import { isForNow, useSignIn } from './use-sign-in.ts';

/** A name and one key: the whole way in. */
export function Entry({ ended }: { ended: boolean }) {
  const { t } = useLingui();
  const [name, setName] = useState('');
  const [error, setError] = useState<string>();
  const { at } = useRoute();
  const field = useRef<HTMLInputElement>(null);
  const { state, ask, stop } = useSignIn();

  // The one thing to do on this page.
  useEffect(() => field.current?.focus(), []);

  const explain = (cause: unknown): string => {
    if (cause instanceof SignInRefused && cause.reason === 'rate_limited')
      return t`Too many people came in from here just now. Try again in a minute.`;
    if (isForNow(cause)) return t`Parley cannot take new people right now. You come in as soon as it can.`;
    if (cause instanceof SignInRefused) return t`This name cannot be used. Try letters and numbers.`;
    return t`Parley cannot be reached. Check your connection and try again.`;
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === '') return setError(t`Type a name first.`);
    if (normalizeName(name) === undefined)
      return setError(t`This name is too long or has characters that cannot be seen.`);
    if (state === 'idle') setError(undefined);
    ask(name, (cause) => setError(explain(cause)));
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
        <form className={styles.form} onSubmit={submit} noValidate>
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
              stop();
            }}
          />
          <Button kind="primary" type="submit" className={styles.submit} aria-busy={state !== 'idle'}>
            {state === 'retrying' ? <Trans>Trying again…</Trans> : <Trans>Start talking</Trans>}
          </Button>
        </form>
      </main>
      <footer className={styles.footer}>
        <LocalePicker />
      </footer>
    </div>
  );
}
