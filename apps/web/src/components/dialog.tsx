import { X } from 'lucide-react';
import { useLingui } from '@lingui/react/macro';
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { ICON } from './icon.ts';
import { IconButton } from './button.tsx';
import styles from './dialog.module.css';

/** A modal over the page: the platform's own, which holds the focus inside and gives it back. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useLingui();
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    // Only the backdrop is outside of the panel.
    const onClick = (event: MouseEvent) => {
      if (event.target === dialog) dialog.close();
    };
    dialog.addEventListener('click', onClick);
    if (!dialog.open) dialog.showModal();
    // The platform takes the first thing that can have the focus, which is the cross.
    dialog.querySelector<HTMLElement>('[data-autofocus]')?.focus();
    // Not closed here: the closing would be told to the owner, who may be only about to draw again.
    return () => dialog.removeEventListener('click', onClick);
  }, []);

  return (
    <dialog ref={ref} className={styles.dialog} aria-labelledby={titleId} onClose={onClose}>
      <div className={styles.panel}>
        <header className={styles.header}>
          <h2 id={titleId} className={styles.title}>
            {title}
          </h2>
          <IconButton label={t`Close`} icon={<X {...ICON} />} onClick={() => ref.current?.close()} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
