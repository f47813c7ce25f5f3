import type { Entry } from '@parley/protocol';
import type { ReactNode } from 'react';
import { Trans } from '@lingui/react/macro';
import { PersonName } from '../../components/name.tsx';

/** What happened, for entries that are not messages. */
export function EntrySentence({ entry }: { entry: Entry }): ReactNode {
  const name = <PersonName id={entry.author} />;
  switch (entry.kind) {
    case 'roomCreated':
      return <Trans>{name} made this room</Trans>;
    case 'roomRenamed':
      return (
        <Trans>
          {name} named the room <bdi>{entry.name}</bdi>
        </Trans>
      );
    case 'memberJoined':
      return <Trans>{name} came in</Trans>;
    case 'memberLeft':
      return <Trans>{name} left</Trans>;
    case 'inviteReplaced':
      return <Trans>{name} made a new invite link</Trans>;
    case 'message':
      return <bdi>{entry.text}</bdi>;
    default:
      // A newer relay wrote it; its place is kept.
      return <Trans>{name} did something that this page is too old to show</Trans>;
  }
}
