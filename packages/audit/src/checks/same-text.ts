import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that a text arrives as it was written: what is in the log, and what each client got, is one that its author asked for. */
export function checkSameText(history: History): Finding[] {
  const findings: Finding[] = [];
  const judge = (
    place: { conversation: string; author: string; id: string; seq: number; text?: string | undefined },
    client?: string,
  ): void => {
    const { conversation, id, seq, text } = place;
    if (text === undefined) return;
    const operation = history.operation(conversation, place.author, id);
    if (
      operation === undefined ||
      operation.invokes.some((invoke) => invoke.text === undefined || invoke.text === text)
    ) {
      return;
    }
    const says = `${client ?? 'the log'} has another text than was written`;
    findings.push({ says, conversation, seq, id, ...(client !== undefined && { client }) });
  };
  for (const event of history.received) judge(event, event.client);
  if (history.reference.source !== 'log') return findings;
  for (const [conversation, places] of history.reference.conversations) {
    for (const [at, place] of places.entries()) if (place !== undefined) judge({ ...place, conversation, seq: at + 1 });
  }
  return findings;
}
