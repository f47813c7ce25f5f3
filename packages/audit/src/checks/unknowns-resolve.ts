import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that nothing stays open: after calm, a client that still lives waits for no answer. What it was told nothing about is
 * in the log or not, and `once` proves that it is not there twice.
 */
export function checkUnknownsResolve({ clients, operation }: History): Finding[] {
  const findings: Finding[] = [];
  for (const { client, user, finals } of clients.values()) {
    for (const [conversation, { pending, rows, at }] of finals) {
      for (const id of pending) {
        // With the entry there, or acked, it is shown twice, which another check tells.
        const isThere = rows.some(([, shown]) => shown === id);
        if (isThere || (operation(conversation, user, id)?.provenAt ?? Infinity) < Infinity) continue;
        findings.push({ says: `${client} still waits for an answer`, conversation, id, client, at });
      }
    }
  }
  return findings;
}
