import type { PresenceState } from '@parley/protocol';
import { classNames } from '../lib/class-names.ts';
import styles from './presence-mark.module.css';

/** A filled dot online, a ring away, nothing offline; a dash for what may be out of date. The word stands beside it. */
export function PresenceMark({ state, className }: { state: PresenceState; className?: string | undefined }) {
  return <span className={classNames(styles.mark, styles[state], className)} data-state={state} aria-hidden="true" />;
}
