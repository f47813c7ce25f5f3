import { defineConfig } from '@lingui/cli';
import { formatter } from '@lingui/format-po';

export default defineConfig({
  locales: ['en', 'zh-CN', 'zh-TW'],
  sourceLocale: 'en',
  catalogs: [{ path: '<rootDir>/src/i18n/locales/{locale}', include: ['<rootDir>/src'] }],
  // Where a sentence is used changes with every edit; that is no change of the catalogue.
  format: formatter({ origins: false }),
});
