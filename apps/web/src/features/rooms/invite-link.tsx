import { Trans, useLingui } from '@lingui/react/macro';
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { Button } from '../../components/button.tsx';
import { SMALL_ICON } from '../../components/icon.ts';
import { copyText } from '../../lib/copy.ts';
import { hrefTo } from '../../route.ts';
import styles from './details-pane.module.css';
import { InPlaceQuestion, focusOnSight } from './in-place-question.tsx';
import { useRefusal } from './refusal.ts';

// How long "Copied" stands.
const SAID_MS = 2_000;

/** The room's invite link: the token is in the fragment, which no server and no log ever sees. */
export function InviteLink({ room, isPrivate }: { room: string; isPrivate: boolean }) {
  const { t } = useLingui();
  const client = useClient();
  const explain = useRefusal();
  const address = useRef<HTMLInputElement>(null);
  const [token, setToken] = useState<string | null>();
  const [copied, setCopied] = useState(false);
  const [asking, setAsking] = useState<'not yet' | 'now' | 'answered'>('not yet');
  const [error, setError] = useState<string>();

  useEffect(() => {
    let isCurrent = true;
    client.getInvite(room).then(
      (found) => {
        if (isCurrent) setToken(found);
      },
      (cause: unknown) => {
        if (isCurrent) setError(explain(cause));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [client, room, explain]);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAID_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  const replace = async () => {
    setAsking('answered');
    try {
      setToken(await client.replaceInvite(room));
      setError(undefined);
    } catch (cause) {
      setError(explain(cause));
    }
  };
  const copy = async () => setCopied(await copyText(address.current));

  return (
    <section className={styles.section}>
      <h3 className={styles.title}>
        <Trans>Invite link</Trans>
      </h3>
      <div className={styles.link}>
        {typeof token === 'string' ? (
          <>
            <input
              ref={address}
              className={styles.address}
              aria-label={t`Invite link`}
              data-testid="invite-link"
              readOnly
              value={`${location.origin}${location.pathname}${hrefTo({ at: 'invite', room, token })}`}
              onFocus={(event) => event.target.select()}
            />
            {asking === 'now' ? (
              <InPlaceQuestion
                yes={<Trans>Replace the link</Trans>}
                no={<Trans>Keep it</Trans>}
                onYes={() => void replace()}
                onNo={() => setAsking('answered')}
              >
                <Trans>The old link stops working at once. Whoever has it and did not use it needs the new one.</Trans>
              </InPlaceQuestion>
            ) : (
              <div className={styles.buttons}>
                <Button onClick={() => void copy()}>
                  {copied ? <Check {...SMALL_ICON} /> : <Copy {...SMALL_ICON} />}
                  <span aria-live="polite">{copied ? <Trans>Copied</Trans> : <Trans>Copy</Trans>}</span>
                </Button>
                <Button ref={asking === 'answered' ? focusOnSight : null} onClick={() => setAsking('now')}>
                  <Trans>Replace</Trans>
                </Button>
              </div>
            )}
          </>
        ) : (
          <div className={styles.buttons}>
            <Button disabled={token === undefined} onClick={() => void replace()}>
              <Trans>Make an invite link</Trans>
            </Button>
          </div>
        )}
        <output className={styles.hint}>
          {error ??
            (isPrivate && asking !== 'now' ? (
              <Trans>Whoever has the link can come in. Replacing it ends the old one.</Trans>
            ) : null)}
        </output>
      </div>
    </section>
  );
}
