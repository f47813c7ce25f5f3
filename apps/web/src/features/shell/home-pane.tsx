import { useLingui } from '@lingui/react/macro';
import { MessagesSquare } from 'lucide-react';
import { Suspense, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { CreateRoomDialog } from '../later.ts';
import styles from './home-pane.module.css';

/** Nothing is open. */
export function HomePane() {
  const { t } = useLingui();
  const [creating, setCreating] = useState(false);
  return (
    <div className={styles.home}>
      <EmptyState
        icon={<MessagesSquare size={32} strokeWidth={1.5} aria-hidden="true" />}
        title={t`Pick somebody and write`}
        text={t`Everybody who is here stands on the left. For several people, make a room.`}
      >
        <Button onClick={() => document.querySelector<HTMLElement>('[data-focus="search"]')?.focus()}>
          {t`Find people`}
        </Button>
        <Button onClick={() => setCreating(true)}>{t`New room`}</Button>
      </EmptyState>
      {creating ? (
        <Suspense>
          <CreateRoomDialog onClose={() => setCreating(false)} />
        </Suspense>
      ) : null}
    </div>
  );
}
