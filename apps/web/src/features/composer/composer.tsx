import { TEXT_MAX_CODE_POINTS, checkText, countCodePoints } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { SendHorizontal } from 'lucide-react';
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { useClient } from '../../chat-client/hooks.ts';
import { trySend } from '../../chat-client/try-send.ts';
import { IconButton } from '../../components/button.tsx';
import { ICON } from '../../components/icon.ts';
import { isComposing } from '../../lib/keys.ts';
import { isTouchFirst } from '../../lib/media.ts';
import { useConversationTitle } from '../conversation/conversation-title.tsx';
import styles from './composer.module.css';
import { draftOf, setDraft, subscribeDrafts } from './drafts.ts';
import { fitHeight } from './fit-height.ts';

/** The counter appears when this many characters are left. */
const COUNTER_FROM = 200;

/**
 * Where one writes. The text lives in the element and not in React's state: an input method composes in it undisturbed,
 * and typing draws nothing else.
 */
export function Composer({ conversation }: { conversation: string }) {
  const { t } = useLingui();
  const client = useClient();
  const title = useConversationTitle(conversation);
  const area = useRef<HTMLTextAreaElement>(null);
  const [state, setState] = useState(() => judge(draftOf(conversation)));
  const [refusal, setRefusal] = useState<string>();

  const show = useCallback(() => {
    if (area.current === null) return;
    fitHeight(area.current);
    const next = judge(area.current.value);
    setState((now) => (now.problem === next.problem && now.left === next.left ? now : next));
  }, []);

  // A draft that came from elsewhere (a failed message taken back) replaces what stands here.
  useEffect(() => {
    const take = () => {
      const draft = draftOf(conversation);
      if (area.current === null || area.current.value === draft) return;
      area.current.value = draft;
      show();
    };
    take();
    return subscribeDrafts(take);
  }, [conversation, show]);

  const write = (text: string) => {
    setDraft(conversation, text);
    setRefusal(undefined);
    show();
  };
  const submit = () => {
    const text = trimmed(area.current?.value ?? '');
    if (area.current === null || checkText(text) !== undefined) return;
    if (trySend(() => client.send(conversation, text))) {
      area.current.value = '';
      write('');
      // Whoever answers has read.
      client.markRead(conversation, client.getSnapshot().conversations.get(conversation)?.head ?? 0);
    } else setRefusal(t`Too many messages wait already. This one stays here until some are sent.`);
    area.current.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || isComposing(event) || isTouchFirst()) return;
    event.preventDefault();
    if (!event.repeat) submit();
  };

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className={styles.box}>
        <textarea
          ref={area}
          className={styles.area}
          rows={1}
          dir="auto"
          data-focus="composer"
          aria-label={t`Message to ${title}`}
          placeholder={t`Write a message`}
          defaultValue={draftOf(conversation)}
          enterKeyHint={isTouchFirst() ? 'enter' : 'send'}
          autoComplete="off"
          onInput={(event) => {
            write(event.currentTarget.value);
            if (event.currentTarget.value.trim() !== '') client.typing(conversation);
          }}
          onKeyDown={onKeyDown}
        />
        <IconButton
          className={styles.send}
          type="submit"
          label={t`Send`}
          icon={<SendHorizontal {...ICON} />}
          disabled={state.problem !== undefined}
        />
      </div>
      <output className={styles.note}>
        {refusal}
        {refusal === undefined && state.left !== undefined ? (
          <span className={state.left < 0 ? styles.over : undefined} data-testid="counter">
            {state.left >= 0 ? (
              <Trans>{state.left} characters left</Trans>
            ) : (
              <Trans>{-state.left} characters too many</Trans>
            )}
          </span>
        ) : null}
        {refusal === undefined && state.left === undefined && state.problem === 'too_long' ? (
          <span className={styles.over}>
            <Trans>This text is too long to send.</Trans>
          </span>
        ) : null}
      </output>
    </form>
  );
}

interface Judgement {
  problem: ReturnType<typeof checkText>;
  /** Characters left, near the limit or over it. */
  left: number | undefined;
}

function judge(text: string): Judgement {
  const problem = checkText(trimmed(text));
  // Counting a whole text at each key is only needed near the limit.
  if (text.length < TEXT_MAX_CODE_POINTS - COUNTER_FROM) return { problem, left: undefined };
  const left = TEXT_MAX_CODE_POINTS - countCodePoints(trimmed(text));
  return { problem, left: left <= COUNTER_FROM ? left : undefined };
}

/** Blank lines before and white space after a text say nothing; indentation of the first line does. */
function trimmed(text: string): string {
  return text.replace(/^(?:[ \t]*\n)+/u, '').trimEnd();
}
