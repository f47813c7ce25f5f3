import type { ReactNode } from 'react';
import { classNames } from '../../lib/class-names.ts';
import styles from './row.module.css';

interface RowProps {
  href: string;
  selected?: boolean;
  /** A lower row, for one line. */
  compact?: boolean;
  avatar: ReactNode;
  title: ReactNode;
  /** At the end of the first line: a time. */
  aside?: ReactNode;
  /** The second line. */
  line?: ReactNode;
  /** At the end of the second line: a count. */
  badge?: ReactNode;
  onPick?: (() => void) | undefined;
}

/** One line of any list on the left: it leads somewhere. */
export function Row({ href, selected = false, compact = false, avatar, title, aside, line, badge, onPick }: RowProps) {
  return (
    <li className={styles.item}>
      <a
        className={classNames(styles.row, selected && styles.selected, compact && styles.compact)}
        href={href}
        aria-current={selected ? 'page' : undefined}
        data-row
        onClick={onPick}
      >
        {avatar}
        <span className={styles.words}>
          <span className={styles.first}>
            <span className={styles.title}>{title}</span>
            {aside}
          </span>
          {line === undefined ? null : (
            <span className={styles.second}>
              <span className={styles.line}>{line}</span>
              {badge}
            </span>
          )}
        </span>
      </a>
    </li>
  );
}

/** The small words at the end of a row's first line. */
export function RowAside({ children }: { children: ReactNode }) {
  return <span className={styles.aside}>{children}</span>;
}
