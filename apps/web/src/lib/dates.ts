/** Dates as people say them, by `Intl` alone. Times are wall clock, milliseconds since 1970. */

const formats = new Map<string, Intl.DateTimeFormat>();

/** The browser's own variant of the page's language, which knows how people there write times; else the language itself. */
function regional(locale: string): string {
  const [language] = locale.split('-');
  return locale === 'en' ? (navigator.languages.find((tag) => tag.split('-')[0] === language) ?? locale) : locale;
}

function format(locale: string, options: Intl.DateTimeFormatOptions, at: number): string {
  const key = locale + JSON.stringify(options);
  let found = formats.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(regional(locale), options);
    formats.set(key, found);
  }
  return found.format(at);
}

export function timeOfDay(locale: string, at: number): string {
  return format(locale, { hour: 'numeric', minute: '2-digit' }, at);
}

export function fullDate(locale: string, at: number): string {
  return format(locale, { dateStyle: 'full', timeStyle: 'short' }, at);
}

/** Days between the calendar days of two moments, in the viewer's time zone. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((startOfDay(later) - startOfDay(earlier)) / 86_400_000);
}

function startOfDay(at: number): number {
  const date = new Date(at);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
}

/** The calendar day in the viewer's time zone, as a key. */
export function dayKey(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

/** "Monday, 24 November", with the year where it is another one. Today and yesterday have words of their own. */
export function longDay(locale: string, at: number, now: number): string {
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(
    locale,
    { weekday: 'long', day: 'numeric', month: 'long', ...(sameYear ? {} : { year: 'numeric' }) },
    at,
  );
}

/** For a list: the time today, the weekday this week, else the date. */
export function shortMoment(locale: string, at: number, now: number): string {
  const days = daysBetween(at, now);
  if (days <= 0) return timeOfDay(locale, at);
  if (days < 7) return format(locale, { weekday: 'short' }, at);
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(locale, { day: 'numeric', month: 'numeric', ...(sameYear ? {} : { year: '2-digit' }) }, at);
}

/** "5 min ago", or undefined for less than a minute. */
export function timeAgo(locale: string, at: number, now: number): string | undefined {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return undefined;
  const relative = new Intl.RelativeTimeFormat(regional(locale), { style: 'short', numeric: 'auto' });
  if (minutes < 60) return relative.format(-minutes, 'minute');
  if (minutes < 60 * 24) return relative.format(-Math.floor(minutes / 60), 'hour');
  return relative.format(-daysBetween(at, now), 'day');
}
