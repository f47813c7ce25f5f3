import { plural } from '@lingui/core/macro';
import { useLingui } from '@lingui/react/macro';
import { useEffect, useRef, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';

// A screen reader must be able to finish a sentence.
const PAUSE_MS = 1_000;

/** Says new messages of the open conversation aloud: others' only, live only, several in one breath. */
export function Announcer({ conversation }: { conversation: string | undefined }) {
  const { t } = useLingui();
  const client = useClient();
  const [words, setWords] = useState('');
  const waiting = useRef<{ author: string; text: string }[]>([]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const speak = () => {
      timer = undefined;
      const [first] = waiting.current;
      if (first === undefined) return;
      const count = waiting.current.length;
      const name = client.getSnapshot().users.get(first.author)?.name ?? '';
      setWords(
        count === 1
          ? t`${name}: ${first.text}`
          : t`${plural(count, { one: '# new message', other: '# new messages' })}`,
      );
      waiting.current = [];
    };
    const off = client.onEvent((event) => {
      if (event.type !== 'entry' || event.via !== 'live' || event.conversation !== conversation) return;
      const { entry } = event;
      if (entry.kind !== 'message' || entry.author === client.getSnapshot().me?.id) return;
      waiting.current.push({ author: entry.author, text: entry.text });
      timer ??= setTimeout(speak, PAUSE_MS);
    });
    return () => {
      off();
      clearTimeout(timer);
      waiting.current = [];
    };
  }, [client, conversation, t]);

  return (
    <p className="spoken" aria-live="polite">
      {words}
    </p>
  );
}
