import { useEffect } from 'react';
import { useClient } from '../../chat-client/hooks.ts';

// Nobody touched or saw the page for this long: others see "away" once every session is so.
const IDLE_AFTER_MS = 5 * 60_000;

/** Tells the client what only a browser knows: the page is visible, the network is back, nobody is here. */
export function useDevice(): void {
  const client = useClient();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let idle = false;
    const setIdle = (next: boolean) => {
      if (next === idle) return;
      idle = next;
      client.setIdle(next);
    };
    const stir = () => {
      clearTimeout(timer);
      setIdle(false);
      timer = setTimeout(() => setIdle(true), IDLE_AFTER_MS);
    };
    const onVisibility = () => {
      if (document.visibilityState !== 'visible') return;
      client.checkLink();
      stir();
    };
    const check = () => client.checkLink();

    stir();
    const touches = ['pointerdown', 'keydown', 'pointermove'] as const;
    for (const touch of touches) window.addEventListener(touch, stir, { passive: true });
    document.addEventListener('visibilitychange', onVisibility);
    window.addEventListener('online', check);
    window.addEventListener('offline', check);
    return () => {
      clearTimeout(timer);
      for (const touch of touches) window.removeEventListener(touch, stir);
      document.removeEventListener('visibilitychange', onVisibility);
      window.removeEventListener('online', check);
      window.removeEventListener('offline', check);
    };
  }, [client]);
}
