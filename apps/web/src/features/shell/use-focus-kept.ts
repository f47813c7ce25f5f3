import { useEffect, useRef } from 'react';
import { isTouchFirst } from '../../lib/media.ts';
import { hrefTo, useRoute } from '../../route.ts';

/** After each change of place the focus stands somewhere useful, never on nothing. */
export function useFocusKept(): void {
  const route = useRoute();
  const place = hrefTo(route);
  const before = useRef<string>(undefined);
  useEffect(() => {
    const wanted = focusFor(place, before.current);
    before.current = place;
    if (wanted !== null && wanted !== document.activeElement) wanted.focus({ preventScroll: true });
  }, [place]);
}

const find = (selector: string): HTMLElement | null => document.querySelector(selector);

function focusFor(place: string, before: string | undefined): HTMLElement | null {
  if (place.endsWith('/details')) return find('aside a, aside button');
  // A focus in a text field pulls up the keyboard of a phone.
  if (place.startsWith('#/c/')) return find(isTouchFirst() ? '[data-focus="heading"]' : '[data-focus="composer"]');
  const left =
    before?.startsWith('#/c/') === true ? find(`a[data-row][href="${before.replace('/details', '')}"]`) : null;
  if (left !== null) return left;
  const isLost = document.activeElement === null || document.activeElement === document.body;
  return isLost && !isTouchFirst() ? find('[data-focus="search"]') : null;
}
