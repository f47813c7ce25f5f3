import { useEffect } from 'react';
import { isTouchFirst } from '../../lib/media.ts';
import { hrefTo, useRoute } from '../../route.ts';

/** After each change of place the focus stands somewhere useful, never on nothing. */
export function useFocusKept(): void {
  const route = useRoute();
  const place = hrefTo(route);
  useEffect(() => {
    const wanted = focusFor(place, isTouchFirst());
    if (wanted !== null && wanted !== document.activeElement) wanted.focus({ preventScroll: true });
  }, [place]);
}

function focusFor(place: string, touch: boolean): HTMLElement | null {
  const find = (selector: string) => document.querySelector<HTMLElement>(selector);
  if (place.endsWith('/details')) return find('aside a, aside button');
  if (place.startsWith('#/c/')) return touch ? find('[data-focus="heading"]') : find('[data-focus="composer"]');
  // Home: back to the list, where the narrow page has nothing else.
  const active = document.activeElement;
  return active === null || active === document.body ? find('[data-focus="search"]') : null;
}
