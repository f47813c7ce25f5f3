import type { History, Operation } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that what was refused for good never appears, and that nobody is said to have written what they never wrote. */
export function checkNoGhost(history: History): Finding[] {
  const findings: Finding[] = [];
  const { reference, users } = history;
  for (const operation of history.operations) {
    if (!isRefused(operation)) continue;
    const { id, conversation, author, fails } = operation;
    const seq = reference.seqOf(conversation, author, id);
    if (seq === undefined && operation.provenAt === Number.POSITIVE_INFINITY) continue;
    const says = `refused with ${fails[0]?.code}, and there all the same`;
    findings.push({ says, conversation, id, ...(seq !== undefined && { seq }) });
  }
  for (const [conversation, places] of reference.conversations) {
    for (const [at, place] of places.entries()) {
      if (place === undefined || (place.kind ?? 'message') !== 'message' || !users.has(place.author)) continue;
      if (history.operation(conversation, place.author, place.id) !== undefined) continue;
      findings.push({ says: `${place.author} never wrote this`, conversation, seq: at + 1, id: place.id });
    }
  }
  return findings;
}

// Where the id was used for two texts, the refusal of one says nothing of the other.
function isRefused({ oks, fails }: Operation): boolean {
  return oks.length === 0 && fails.some(({ retryable, code }) => !retryable && code !== 'idempotency_conflict');
}
