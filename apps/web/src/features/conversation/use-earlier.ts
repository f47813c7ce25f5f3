import { type RefObject, useEffect, useRef, useState } from 'react';
import { useChat, useClient } from '../../chat-client/hooks.ts';

/** Older messages are fetched this many screens before they are needed. */
const AHEAD_SCREENS = 1.5;

export type EarlierState = 'idle' | 'loading' | 'failed';

interface Options {
  conversation: string;
  hasEarlier: boolean;
  scroller: RefObject<HTMLElement | null>;
  /** How much is held: more of it may still not fill the view. */
  held: number;
}

/** Loads older messages as one comes near to them. `retry` after a failure. */
export function useEarlier({ conversation, hasEarlier, scroller, held }: Options): {
  state: EarlierState;
  retry: () => void;
} {
  const client = useClient();
  const isOnline = useChat((chat) => chat.connection.status === 'online');
  const [state, setState] = useState<EarlierState>('idle');
  const [wasOnline, setWasOnline] = useState(isOnline);
  const running = useRef(false);

  if (wasOnline !== isOnline) {
    setWasOnline(isOnline);
    // A connection that came back is a reason to try again.
    if (isOnline && state === 'failed') setState('idle');
  }

  const mayLoad = hasEarlier && isOnline && state !== 'failed';
  useEffect(() => {
    const view = scroller.current;
    if (view === null || !mayLoad) return;
    const look = () => {
      const isNear = held === 0 || view.scrollTop < view.clientHeight * AHEAD_SCREENS;
      if (running.current || !isNear) return;
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
    };
    look();
    view.addEventListener('scroll', look, { passive: true });
    return () => view.removeEventListener('scroll', look);
  }, [client, conversation, scroller, mayLoad, held]);

  return { state, retry: () => setState('idle') };
}
