import { Plural, Trans } from '@lingui/react/macro';
import { PersonName } from '../../components/name.tsx';

export function TypingWords({ users }: { users: readonly string[] }) {
  const [one, two] = users;
  if (one === undefined) return null;
  if (two === undefined)
    return (
      <Trans>
        <PersonName id={one} /> is typing…
      </Trans>
    );
  if (users.length === 2)
    return (
      <Trans>
        <PersonName id={one} /> and <PersonName id={two} /> are typing…
      </Trans>
    );
  return <Plural value={users.length} one="# person is typing…" other="# people are typing…" />;
}
