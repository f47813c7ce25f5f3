import type { KeyboardEvent, ReactNode } from 'react';
import { Button } from '../../components/button.tsx';
import { isComposing } from '../../lib/keys.ts';
import styles from './details-pane.module.css';

// A question takes the place of the button that had the focus, and gives it back.
export const focusOnSight = (button: HTMLButtonElement | null): void => button?.focus();

interface QuestionProps {
  children: ReactNode;
  yes: ReactNode;
  no: ReactNode;
  onYes: () => void;
  onNo: () => void;
}

/** Asks before something that cannot be taken back, where the button for it was. Escape says no. */
export function InPlaceQuestion({ children, yes, no, onYes, onNo }: QuestionProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || isComposing(event)) return;
    // A dialog around the question stays.
    event.preventDefault();
    onNo();
  };
  return (
    <div className={styles.link} role="presentation" onKeyDown={onKeyDown}>
      <p className={styles.hint}>{children}</p>
      <div className={styles.buttons}>
        <Button kind="danger" ref={focusOnSight} onClick={onYes}>
          {yes}
        </Button>
        <Button onClick={onNo}>{no}</Button>
      </div>
    </div>
  );
}
