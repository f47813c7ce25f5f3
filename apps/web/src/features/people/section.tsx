import { type ReactNode, useId } from 'react';
import styles from './section.module.css';

/** A named part of the list on the left; its heading stays in view. */
export function Section({
  title,
  count,
  actions,
  children,
}: {
  title: string;
  count?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className={styles.section}>
      <header className={styles.header}>
        <h2 id={id} className={styles.title}>
          {title}
          {count === undefined ? null : <span className={styles.count}>{count}</span>}
        </h2>
        {actions}
      </header>
      {children}
    </section>
  );
}
