import { directMembers } from '@parley/protocol';
import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that nobody is said not to exist who had been welcomed before the message to them was written. */
export function checkRightRefusals({ operations, clients, reference }: History): Finding[] {
  const known = new Map<string, number>();
  for (const { user, sockets } of clients.values())
    for (const { welcome } of sockets.values())
      if (welcome !== undefined) known.set(user, Math.min(welcome.at, known.get(user) ?? Infinity));
  const findings: Finding[] = [];
  for (const { id, conversation, author, oks, fails, invokes } of operations) {
    const members = directMembers(conversation);
    const writtenAt = invokes[0]?.at;
    // With another answer beside it, that is what is wrong.
    if (oks.length > 0 || reference.seqOf(conversation, author, id) !== undefined) continue;
    if (writtenAt === undefined || members?.includes(author) !== true) continue;
    if (!fails.some(({ code, retryable }) => code === 'not_found' && !retryable)) continue;
    const unknown = members.find((user) => !((known.get(user) ?? Infinity) < writtenAt));
    if (unknown === undefined)
      findings.push({ says: 'refused with not_found between two who are there', conversation, id });
  }
  return findings;
}
