import { type User, directConversationId } from '@parley/protocol';
import { usePresence, useMe } from '../../chat-client/hooks.ts';
import { PersonName } from '../../components/name.tsx';
import { conversationHref } from '../../route.ts';
import { PersonAvatar } from './person-avatar.tsx';
import { PresenceWord } from './presence-word.tsx';
import { Row } from './row.tsx';

/** A person; picking one opens the conversation of the two. */
export function PersonRow({ user, selected, onPick }: { user: User; selected: string | undefined; onPick?: (() => void) | undefined }) {
  const me = useMe();
  const presence = usePresence(user.id);
  if (me === undefined) return null;
  const conversation = directConversationId(me.id, user.id);
  return (
    <Row
      href={conversationHref(conversation)}
      selected={conversation === selected}
      avatar={<PersonAvatar id={user.id} fallback={user.name} />}
      title={<PersonName id={user.id} fallback={user.name} />}
      line={<PresenceWord presence={presence} />}
      onPick={onPick}
    />
  );
}
