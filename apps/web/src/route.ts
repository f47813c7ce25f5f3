import { type Store, createStore, useStore } from './lib/store.ts';
import { type Route, hrefTo, parseRoute } from './place.ts';

const current: Store<Route> = createStore(parseRoute(location.hash));
window.addEventListener('hashchange', () => current.set(parseRoute(location.hash)));

export function useRoute(): Route {
  return useStore(current);
}

/** Goes there; with `replace` the place that is left does not stay in the history. */
export function goTo(route: Route, options: { replace?: boolean } = {}): void {
  if (options.replace === true) {
    history.replaceState(null, '', hrefTo(route));
    current.set(route);
  } else location.hash = hrefTo(route);
}

/** Whether the page shows a conversation of two, whose address means something to these two only. */
export function isDirectPlace(): boolean {
  const route = current.get();
  return route.at === 'conversation' && route.id.startsWith('d_');
}

export const conversationHref = (id: string): string => hrefTo({ at: 'conversation', id, details: false });

export { hrefTo } from './place.ts';
