import { useLingui } from '@lingui/react/macro';
import { Languages } from 'lucide-react';
import { SMALL_ICON } from '../../components/icon.ts';
import { chooseLocale } from '../../i18n/i18n.ts';
import { LOCALES, type Locale } from '../../i18n/pick-locale.ts';
import styles from './locale-picker.module.css';

const isLocale = (value: string): value is Locale => value in LOCALES;

/** Languages by their own names, so that nobody has to read another one to find theirs. */
export function LocalePicker() {
  const { t, i18n } = useLingui();
  return (
    <label className={styles.picker}>
      <Languages {...SMALL_ICON} />
      <select
        className={styles.select}
        aria-label={t`Language`}
        value={i18n.locale}
        onChange={(event) => {
          if (isLocale(event.target.value)) void chooseLocale(event.target.value);
        }}
      >
        {Object.entries(LOCALES).map(([locale, name]) => (
          <option key={locale} value={locale} lang={locale}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
