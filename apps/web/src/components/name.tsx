import { idMark, sharedNames } from '../chat-client/titles.ts';
import { useChat, useUser } from '../chat-client/hooks.ts';
import styles from './name.module.css';

/** A person's name, kept apart from the direction of the text around it; with a piece of the id when others share it. */
export function PersonName({ id, fallback }: { id: string; fallback?: string | undefined }) {
  const name = useUser(id)?.name ?? fallback ?? '…';
  const isShared = useChat((chat) => sharedNames(chat.users).has(name));
  return (
    <>
      <bdi>{name}</bdi>
      {isShared ? <span className={styles.mark}> {idMark(id)}</span> : null}
    </>
  );
}
