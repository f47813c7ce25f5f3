import { Trans, useLingui } from '@lingui/react/macro';
import { daysBetween, longDay } from '../../lib/dates.ts';
import { useNow } from '../../lib/now.ts';

export function DayLabel({ at }: { at: number }) {
  const { i18n } = useLingui();
  const now = useNow();
  const days = daysBetween(at, now);
  if (days === 0) return <Trans>Today</Trans>;
  if (days === 1) return <Trans>Yesterday</Trans>;
  return longDay(i18n.locale, at, now);
}
