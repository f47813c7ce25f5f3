import { useCallback, useEffect, useRef, useState } from 'react';
import { SignInRefused, signIn } from '../../chat-client/session.ts';

/** Between two tries, at first and at most, in milliseconds. Up to half as much again by chance: all who wait are not to come at once. */
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 8_000;

/** `retrying`: refused for now, and asked again by itself until it succeeds. */
type SignInState = 'idle' | 'asking' | 'retrying';

/** Whether the relay takes nobody for now, whatever the name. */
export const isForNow = (cause: unknown): boolean => cause instanceof SignInRefused && cause.reason === 'unavailable';

/** Asks the relay for a name, and again as long as it can take nobody. */
export function useSignIn(): {
  state: SignInState;
  /** Asks now. `onRefused` hears why each try failed. */
  ask: (name: string, onRefused: (cause: unknown) => void) => void;
  /** Gives up what waits. */
  stop: () => void;
} {
  const [state, setState] = useState<SignInState>('idle');
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  // The newest asking; an older one is not gone on with.
  const turn = useRef(0);
  const last = useRef<Promise<Outcome>>(Promise.resolve({ in: false }));

  const stop = useCallback(() => {
    clearTimeout(timer.current);
    turn.current += 1;
    setState('idle');
  }, []);
  useEffect(() => stop, [stop]);

  const ask = useCallback((name: string, onRefused: (cause: unknown) => void) => {
    clearTimeout(timer.current);
    turn.current += 1;
    const own = turn.current;
    const attempt = async (waitMs: number) => {
      // Two at the same time could come in as two people.
      if ((await last.current).in || own !== turn.current) return;
      last.current = outcomeOf(signIn(name));
      const outcome = await last.current;
      if (outcome.in || own !== turn.current) return;
      onRefused(outcome.cause);
      if (!isForNow(outcome.cause)) return setState('idle');
      setState('retrying');
      const again = Math.min(MOST_WAIT_MS, waitMs * 2);
      timer.current = setTimeout(() => void attempt(again), waitMs * (1 + Math.random() / 2));
    };
    setState((now) => (now === 'retrying' ? now : 'asking'));
    void attempt(FIRST_WAIT_MS);
  }, []);

  return { state, ask, stop };
}

type Outcome = { readonly in: true } | { readonly in: false; readonly cause?: unknown };

const outcomeOf = (signingIn: Promise<void>): Promise<Outcome> =>
  signingIn.then(
    () => ({ in: true }),
    (cause: unknown) => ({ in: false, cause }),
  );
