import { useSyncExternalStore } from 'react';

/** Follows a media query. */
export function useMedia(query: string): boolean {
  const list = window.matchMedia(query);
  return useSyncExternalStore(
    (listener) => {
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => list.matches,
  );
}

/** Keys are on a screen: Enter makes a new line there, and nothing pulls up the keyboard unasked. */
export function isTouchFirst(): boolean {
  return window.matchMedia('(hover: none) and (pointer: coarse)').matches;
}

/** One pane at a time. The same width as in shell.module.css. */
export const NARROW = '(width < 720px)';
