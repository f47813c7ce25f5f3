import type { ConversationSnapshot } from '@parley/client';
import { Trans } from '@lingui/react/macro';
import { useMe } from '../../chat-client/hooks.ts';
import { PersonName } from '../../components/name.tsx';
import { useDraft } from '../composer/drafts.ts';
import { EntrySentence } from '../conversation/entry-sentence.tsx';
import { TypingWords } from '../conversation/typing-words.tsx';
import styles from './conversation-list.module.css';

// Longer than any line that shows it.
const PREVIEW_LENGTH = 120;
const oneLine = (text: string): string => text.slice(0, PREVIEW_LENGTH).replace(/\s+/gu, ' ');

/** The newest thing of a conversation in one line. */
export function Preview({ conversation }: { conversation: ConversationSnapshot }) {
  const me = useMe();
  const draft = useDraft(conversation.id);
  const waiting = conversation.pending.at(-1);
  const last = conversation.details?.last;
  const isRoom = conversation.id.startsWith('r_');

  if (conversation.typing.length > 0) return <TypingWords users={conversation.typing} />;
  if (draft.trim() !== '')
    return (
      <>
        <span className={styles.draft}>
          <Trans>Draft:</Trans>
        </span>{' '}
        <bdi>{oneLine(draft)}</bdi>
      </>
    );
  if (waiting?.status === 'failed')
    return (
      <span className={styles.failed}>
        <Trans>Not sent:</Trans> <bdi>{oneLine(waiting.text)}</bdi>
      </span>
    );
  if (waiting !== undefined)
    return (
      <>
        <Trans>You:</Trans> <bdi>{oneLine(waiting.text)}</bdi>
      </>
    );
  if (last === undefined) return <Trans>Nothing written yet</Trans>;
  if (last.kind !== 'message') return <EntrySentence entry={last} />;
  const author =
    last.author === me?.id ? <Trans>You:</Trans> : isRoom ? (
      <>
        <PersonName id={last.author} />:
      </>
    ) : null;
  return (
    <>
      {author} <bdi>{oneLine(last.text)}</bdi>
    </>
  );
}
