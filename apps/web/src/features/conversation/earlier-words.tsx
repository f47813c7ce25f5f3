import { Trans } from '@lingui/react/macro';
import { Button } from '../../components/button.tsx';
import { classNames } from '../../lib/class-names.ts';
import styles from './timeline.module.css';
import type { EarlierState } from './use-earlier.ts';

/** Above the oldest row: that older ones come, or a way to ask for them again. */
export function EarlierWords({
  state,
  retry,
  hasEarlier,
}: {
  state: EarlierState;
  retry: () => void;
  hasEarlier: boolean;
}) {
  return (
    <div className={classNames(styles.earlier, !hasEarlier && styles.none)}>
      {state === 'failed' ? (
        <Button kind="link" onClick={retry}>
          <Trans>Load older messages</Trans>
        </Button>
      ) : (
        <Trans>Loading older messages…</Trans>
      )}
    </div>
  );
}
