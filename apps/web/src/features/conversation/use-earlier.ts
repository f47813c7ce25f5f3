import { useEffect, useRef, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';

/** Older messages are fetched this many screens before they are needed. */
const AHEAD_SCREENS = 1.5;

export type EarlierState = 'idle' | 'loading' | 'failed';

interface Options {
  conversation: string;
  hasEarlier: boolean;
  /** Pixels above the view, and the view's height. Undefined before the first measuring. */
  above: number;
  height: number | undefined;
}

/** Loads older messages as one comes near to them. `retry` after a failure. */
export function useEarlier({ conversation, hasEarlier, above, height }: Options): { state: EarlierState; retry: () => void } {
  const client = useClient();
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  const [state, setState] = useState<EarlierState>('idle');
  const running = useRef(false);
  const isNear = height !== undefined && above < height * AHEAD_SCREENS;

  // Without a list of causes: each drawing may have come nearer.
  useEffect(() => {
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
