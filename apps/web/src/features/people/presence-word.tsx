import type { Presence } from '@parley/protocol';
import { Trans, useLingui } from '@lingui/react/macro';
import { timeAgo } from '../../lib/dates.ts';
import { useNow } from '../../lib/now.ts';

/** A state in words: "online", "away", "offline, was here 5 min ago". `short` leaves the first word of the last away. */
export function PresenceWord({ presence, short = false }: { presence: Presence | undefined; short?: boolean }) {
  const { i18n } = useLingui();
  const now = useNow();
  if (presence?.state === 'online') return <Trans>online</Trans>;
  if (presence?.state === 'away') return <Trans>away</Trans>;
  if (presence?.lastSeenAt === undefined) return <Trans>offline</Trans>;
  const ago = timeAgo(i18n.locale, presence.lastSeenAt, now);
  if (short) return ago ?? <Trans>just now</Trans>;
  return ago === undefined ? <Trans>offline, was here just now</Trans> : <Trans>offline, was here {ago}</Trans>;
}
