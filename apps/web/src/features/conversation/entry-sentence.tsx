import type { Entry } from '@parley/protocol';
import type { ReactNode } from 'react';
import { Trans } from '@lingui/react/macro';
import { useMe } from '../../chat-client/hooks.ts';
import { PersonName } from '../../components/name.tsx';

/** What happened, for entries that are not messages. */
export function EntrySentence({ entry }: { entry: Entry }): ReactNode {
  const me = useMe();
  return entry.author === me?.id ? <OwnSentence entry={entry} /> : <OthersSentence entry={entry} />;
}

function OwnSentence({ entry }: { entry: Entry }): ReactNode {
  switch (entry.kind) {
    case 'roomCreated':
      return <Trans>You made this room</Trans>;
    case 'roomRenamed':
      return (
        <Trans>
          You renamed the room to <bdi>{entry.name}</bdi>
        </Trans>
      );
    case 'memberJoined':
      return <Trans>You joined the room</Trans>;
    case 'memberLeft':
      return <Trans>You left the room</Trans>;
    case 'inviteReplaced':
      return <Trans>You made a new invite link</Trans>;
    case 'message':
      return <bdi>{entry.text}</bdi>;
    default:
      return <Trans>You did something that this page is too old to show</Trans>;
  }
}

function OthersSentence({ entry }: { entry: Entry }): ReactNode {
  const name = <PersonName id={entry.author} />;
  switch (entry.kind) {
    case 'roomCreated':
      return <Trans>{name} made this room</Trans>;
    case 'roomRenamed':
      return (
        <Trans>
          {name} renamed the room to <bdi>{entry.name}</bdi>
        </Trans>
      );
    case 'memberJoined':
      return <Trans>{name} joined the room</Trans>;
    case 'memberLeft':
      return <Trans>{name} left the room</Trans>;
    case 'inviteReplaced':
      return <Trans>{name} made a new invite link</Trans>;
    case 'message':
      return <bdi>{entry.text}</bdi>;
    default:
      // A newer relay wrote it; its place is kept.
      return <Trans>{name} did something that this page is too old to show</Trans>;
  }
}
