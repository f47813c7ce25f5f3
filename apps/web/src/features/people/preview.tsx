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

/** The newest thing of a conversation in one line. */
export function Preview({ conversation }: { conversation: ConversationSnapshot }) {
  const me = useMe();
  const draft = useDraft(conversation.id);
  const waiting = conversation.pending.at(-1);
  const last = conversation.details?.last;
  const isRoom = conversation.id.startsWith('r_');

  if (conversation.typing.length > 0) return <TypingWords users={conversation.typing} named={isRoom} />;
  if (draft.trim() !== '')
    return (
      <Trans>
        <span className={styles.draft}>Draft:</span> <Line text={draft} />
      </Trans>
    );
  if (waiting?.status === 'failed')
    return (
      <Trans>
        <span className={styles.failed}>Not sent:</span> <Line text={waiting.text} />
      </Trans>
    );
  if (waiting !== undefined) return <OwnLine text={waiting.text} />;
  if (last === undefined) return <Trans>Nothing written yet</Trans>;
  if (last.kind !== 'message') return <EntrySentence entry={last} />;
  if (last.author === me?.id) return <OwnLine text={last.text} />;
  if (!isRoom) return <Line text={last.text} />;
  return (
    <Trans>
      <PersonName id={last.author} />: <Line text={last.text} />
    </Trans>
  );
}

function OwnLine({ text }: { text: string }) {
  return (
    <Trans>
      You: <Line text={text} />
    </Trans>
  );
}

function Line({ text }: { text: string }) {
  return <bdi>{text.slice(0, PREVIEW_LENGTH).replace(/\s+/gu, ' ')}</bdi>;
}
