import { type Messages, i18n } from '@lingui/core';
import { readLocal, writeLocal } from '../lib/local.ts';

/** Languages of the page, each with its name in itself. */
export const LOCALES = { en: 'English', 'zh-CN': '简体中文', 'zh-TW': '繁體中文' } as const;
export type Locale = keyof typeof LOCALES;

// One chunk each, loaded when chosen.
const catalogues: Record<Locale, () => Promise<{ messages: Messages }>> = {
  en: () => import('./locales/en.po'),
  'zh-CN': () => import('./locales/zh-CN.po'),
  'zh-TW': () => import('./locales/zh-TW.po'),
};

const isLocale = (tag: string | undefined): tag is Locale => tag !== undefined && tag in LOCALES;

/** The best language that the page has for a browser's list. */
export function pickLocale(languages: readonly string[]): Locale {
  for (const tag of languages) {
    const lower = tag.toLowerCase();
    if (lower === 'en' || lower.startsWith('en-')) return 'en';
    if (/^zh-(?:.*-)?(?:hant|tw|hk|mo)\b/.test(lower)) return 'zh-TW';
    if (lower === 'zh' || lower.startsWith('zh-')) return 'zh-CN';
  }
  return 'en';
}

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
