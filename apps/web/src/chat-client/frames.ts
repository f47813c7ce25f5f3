import type { ChatClient } from '@parley/client';

export interface Frames {
  readonly subscribe: (listener: () => void) => () => void;
}

/**
 * Tells views of a client's changes at most once an animation frame, so that a burst of frames from the socket costs one
 * drawing. A hidden page has no frames; there a change is told at once, for the title.
 */
export function followByFrame(client: ChatClient): Frames {
  const listeners = new Set<() => void>();
  let planned: number | undefined;
  let off: (() => void) | undefined;

  const tell = () => {
    planned = undefined;
    for (const listener of listeners) listener();
  };
  const plan = () => {
    if (document.hidden) {
      if (planned !== undefined) cancelAnimationFrame(planned);
      tell();
    } else planned ??= requestAnimationFrame(tell);
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      off ??= client.subscribe(plan);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        off?.();
        off = undefined;
      };
    },
  };
}
