import { Plural, Trans } from '@lingui/react/macro';
import { PersonName } from '../../components/name.tsx';

/** Who is typing; between two people that needs no name. */
export function TypingWords({ users, named }: { users: readonly string[]; named: boolean }) {
  const [one, two] = users;
  if (one === undefined) return null;
  if (!named) return <Trans>typing…</Trans>;
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
