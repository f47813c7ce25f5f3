import { type Messages, i18n } from '@lingui/core';
import { readLocal, writeLocal } from '../lib/local.ts';
import { LOCALES, type Locale, pickLocale } from './pick-locale.ts';

// One chunk each, loaded when chosen.
const catalogues: Record<Locale, () => Promise<{ messages: Messages }>> = {
  en: () => import('./locales/en.po'),
  'zh-CN': () => import('./locales/zh-CN.po'),
  'zh-TW': () => import('./locales/zh-TW.po'),
};

const isLocale = (tag: string | undefined): tag is Locale => tag !== undefined && tag in LOCALES;

export function firstLocale(): Locale {
  const stored = readLocal('locale');
  return isLocale(stored) ? stored : pickLocale(navigator.languages);
}

/** Loads a language and shows the page in it. */
export async function showLocale(locale: Locale): Promise<void> {
  const { messages } = await catalogues[locale]();
  i18n.loadAndActivate({ locale, messages });
  document.documentElement.lang = locale;
}

/** What the person picked, kept for the next visit. */
export async function chooseLocale(locale: Locale): Promise<void> {
  await showLocale(locale);
  writeLocal('locale', locale);
}
