import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that no screen shows anything twice: no number, no operation, and nothing both in place and waiting. */
export function checkNoDuplicates({ screens }: History): Finding[] {
  const findings: Finding[] = [];
  for (const { client, conversation, rows, pending, at } of screens) {
    const seqs = new Set<number>();
    const ids = new Set<string>();
    for (const [seq, id] of rows) {
      if (seqs.has(seq) || ids.has(id)) {
        findings.push({ says: `${client} shows it twice`, conversation, seq, id, client, at });
      }
      seqs.add(seq);
      ids.add(id);
    }
    for (const id of pending) {
      if (!ids.has(id)) continue;
      findings.push({ says: `${client} shows it in its place and as waiting`, conversation, id, client, at });
    }
  }
  return findings;
}

/** Proves that every screen is in the order of the numbers. */
export function checkScreensInOrder({ screens }: History): Finding[] {
  const findings: Finding[] = [];
  for (const { client, conversation, rows, at } of screens) {
    let before = 0;
    for (const [seq, id] of rows) {
      // The same number twice is told by `noDuplicates`.
      if (seq < before) {
        findings.push({ says: `${client} shows ${seq} below ${before}`, conversation, seq, id, client, at });
      }
      before = Math.max(before, seq);
    }
  }
  return findings;
}
