import { Trans } from '@lingui/react/macro';
import { type User, directConversationId } from '@parley/protocol';
import { usePresence, useMe } from '../../chat-client/hooks.ts';
import { PersonName } from '../../components/name.tsx';
import { conversationHref } from '../../route.ts';
import { PersonAvatar } from './person-avatar.tsx';
import { PresenceWord } from './presence-word.tsx';
import { Row, RowAside } from './row.tsx';

interface PersonRowProps {
  user: User;
  /** The conversation that is open. */
  selected: string | undefined;
  /** One line: the state stands at its end. */
  compact?: boolean;
  onPick?: (() => void) | undefined;
}

/** A person; picking one opens the conversation of the two. */
export function PersonRow({ user, selected, compact = false, onPick }: PersonRowProps) {
  const me = useMe();
  const presence = usePresence(user.id);
  if (me === undefined) return null;
  const conversation = directConversationId(me.id, user.id);
  return (
    <Row
      href={conversationHref(conversation)}
      selected={conversation === selected}
      compact={compact}
      avatar={<PersonAvatar id={user.id} fallback={user.name} size={compact ? 'small' : 'medium'} />}
      title={
        <>
          <PersonName id={user.id} fallback={user.name} />
          {user.id === me.id ? (
            <>
              {' '}
              <Trans>(you)</Trans>
            </>
          ) : null}
        </>
      }
      {...(compact
        ? {
            aside: (
              <RowAside>
                <PresenceWord presence={presence} short />
              </RowAside>
            ),
          }
        : { line: <PresenceWord presence={presence} /> })}
      onPick={onPick}
    />
  );
}
