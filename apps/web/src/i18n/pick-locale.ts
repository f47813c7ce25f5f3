/** Languages of the page, each with its name in itself. */
export const LOCALES = { en: 'English', 'zh-CN': '简体中文', 'zh-TW': '繁體中文' } as const;
export type Locale = keyof typeof LOCALES;

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
