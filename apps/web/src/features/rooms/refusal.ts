import { RefusedError } from '@parley/client';
import { ROOMS_MAX_PER_USER } from '@parley/protocol';
import { useLingui } from '@lingui/react/macro';
import { useCallback } from 'react';

/** Says in words why the relay refused, or that nobody answered. */
export function useRefusal(): (cause: unknown) => string {
  const { i18n, t } = useLingui();
  return useCallback(
    (cause: unknown) => {
      if (!(cause instanceof RefusedError)) return t`This needs a connection. Try again when you are online.`;
      switch (cause.code) {
        case 'not_found':
          return t`There is no such room, or it is private.`;
        case 'not_a_member':
          return t`You are not in this room.`;
        case 'rate_limited':
          return t`That was too fast. Wait a moment and try again.`;
        case 'too_many_rooms': {
          const most = new Intl.NumberFormat(i18n.locale).format(ROOMS_MAX_PER_USER);
          return t`You are in ${most} rooms, more are not possible. Leave one first.`;
        }
        default:
          return t`That did not work. Try again in a moment.`;
      }
    },
    [i18n, t],
  );
}
