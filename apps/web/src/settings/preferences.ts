import { readLocal, writeLocal } from '../lib/local.ts';
import { type Store, createStore } from '../lib/store.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

function storedTheme(): Theme {
  const stored = readLocal('theme');
  return THEMES.find((theme) => theme === stored) ?? 'system';
}

export const themeStore: Store<Theme> = createStore(storedTheme());

export function setTheme(theme: Theme): void {
  writeLocal('theme', theme === 'system' ? undefined : theme);
  themeStore.set(theme);
  applyTheme();
}

/** Puts the theme where tokens.css reads it. */
export function applyTheme(): void {
  const theme = themeStore.get();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
