import { majority } from '../reference.ts';
import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that a view, built event by event over restarts, is what the whole log folded at once gives: nothing skipped, nothing applied twice. */
export function checkFoldEqual({ views, reference }: History): Finding[] {
  if (reference.source !== 'log' || views.length === 0) return [];
  const findings: Finding[] = [];
  const held = majority(views);
  for (const [conversation, places] of reference.conversations) {
    const entries = held.get(conversation)?.entries ?? [];
    const at = places.findIndex((place, index) => {
      const [seq, id, author] = entries[index] ?? [];
      return seq !== index + 1 || id !== place?.id || author !== place?.author;
    });
    const seq = at === -1 ? (entries.length > places.length ? places.length + 1 : undefined) : at + 1;
    if (seq === undefined) continue;
    const [expected, found] = [places[seq - 1]?.id, entries[seq - 1]?.[1]];
    findings.push({
      says: `the log says ${expected ?? 'nothing'} at ${seq}, the nodes hold ${found ?? 'nothing'}`,
      conversation,
      seq,
    });
  }
  for (const conversation of held.keys()) {
    if (reference.conversations.has(conversation)) continue;
    findings.push({ says: 'the nodes hold a conversation that the log does not have', conversation });
  }
  return findings;
}
