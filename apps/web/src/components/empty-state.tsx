import type { ReactNode } from 'react';
import { classNames } from '../lib/class-names.ts';
import styles from './empty-state.module.css';

/** Nothing here yet: what to do next, and the button for it. */
export function EmptyState({
  icon,
  title,
  text,
  filling = false,
  children,
}: {
  icon?: ReactNode;
  title: string;
  text?: string;
  /** It has its pane to itself and stands in its middle. */
  filling?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className={classNames(styles.empty, filling && styles.filling)}>
      {icon}
      <p className={styles.title}>{title}</p>
      {text === undefined ? null : <p className={styles.text}>{text}</p>}
      {children === undefined ? null : <div className={styles.actions}>{children}</div>}
    </div>
  );
}
