import { type RefObject, useEffect, useRef, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';

/** Older messages are fetched this many screens before they are needed. */
const AHEAD_SCREENS = 1.5;

export type EarlierState = 'idle' | 'loading' | 'failed';

interface Options {
  conversation: string;
  hasEarlier: boolean;
  scroller: RefObject<HTMLElement | null>;
}

/** Loads older messages as one comes near to them. `retry` after a failure. */
export function useEarlier({ conversation, hasEarlier, scroller }: Options): { state: EarlierState; retry: () => void } {
  const client = useClient();
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  const [state, setState] = useState<EarlierState>('idle');
  const running = useRef(false);

  // Without a list of causes: each drawing may have come nearer.
  useEffect(() => {
    const view = scroller.current;
    const isNear = view !== null && view.scrollTop < view.clientHeight * AHEAD_SCREENS;
    if (!hasEarlier || !isNear || !isOnline || running.current || state === 'failed') return;
    running.current = true;
    setState('loading');
    client.loadEarlier(conversation).then(
      () => {
        running.current = false;
        setState('idle');
      },
      () => {
        running.current = false;
        setState('failed');
      },
    );
  });

  // A connection that came back is a reason to try again.
  useEffect(() => {
    if (isOnline) setState((now) => (now === 'failed' ? 'idle' : now));
  }, [isOnline]);

  return { state, retry: () => setState('idle') };
}
