import type { AuditEventOf } from '../events.ts';
import type { ClientLife, History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that after calm nothing is missing on any screen: every client that lives shows every conversation of its user with
 * every entry that the user may see and that was not left for "earlier", and no hole.
 */
export function checkUnseen(history: History): Finding[] {
  const findings: Finding[] = [];
  for (const life of history.clients.values()) {
    // A client without any final screen was not asked for one.
    if (life.finals.size === 0) continue;
    for (const conversation of history.reference.conversationsOf(life.user)) {
      findings.push(...judge(history, life, conversation));
    }
  }
  return findings;
}

function judge(history: History, { client, user, finals }: ClientLife, conversation: string): Finding[] {
  const places = history.reference.conversations.get(conversation) ?? [];
  const spans = history.reference.visibleTo(conversation, user) ?? [];
  // Only the last stay is on the screen for sure: one that comes back to a private room begins anew.
  const span = spans.at(-1);
  if (span === undefined) return [];
  const to = Math.min(span.to, places.length);
  const screen = finals.get(conversation);
  if (screen === undefined)
    return to < span.from ? [] : [{ says: `${client} does not show the conversation`, conversation, client }];
  const from = screen.earlier ? Math.max(span.from, firstShown(screen)) : span.from;
  return missing(screen, { from, to }).map((seq) => {
    const id = places[seq - 1]?.id;
    const says = `${client} does not show ${seq}`;
    return { says, conversation, seq, client, ...(id !== undefined && { id }) };
  });
}

// With nothing shown and more to load, only the head can be missing.
function firstShown({ rows, holes, head }: AuditEventOf<'screen'>): number {
  return Math.min(rows[0]?.[0] ?? head + 1, holes[0]?.[0] ?? head + 1);
}

function missing({ rows }: AuditEventOf<'screen'>, { from, to }: { from: number; to: number }): number[] {
  const shown = new Uint8Array(Math.max(to, 0) + 1);
  for (const [seq] of rows) if (seq <= to) shown[seq] = 1;
  const seqs: number[] = [];
  for (let seq = from; seq <= to; seq += 1) if (shown[seq] === 0) seqs.push(seq);
  return seqs;
}
