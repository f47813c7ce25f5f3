import { usePresence, useUser } from '../../chat-client/hooks.ts';
import { Avatar } from '../../components/avatar.tsx';
import { PresenceMark } from '../../components/presence-mark.tsx';
import styles from './person-avatar.module.css';

/** An avatar with the person's state at its corner. */
export function PersonAvatar({
  id,
  fallback,
  size = 'medium',
}: {
  id: string;
  fallback?: string | undefined;
  size?: 'small' | 'medium';
}) {
  const name = useUser(id)?.name ?? fallback ?? '…';
  const state = usePresence(id)?.state ?? 'offline';
  return (
    <span className={styles.frame}>
      <Avatar id={id} name={name} size={size} />
      {state === 'offline' ? null : (
        <span className={styles.corner}>
          <PresenceMark state={state} />
        </span>
      )}
    </span>
  );
}
