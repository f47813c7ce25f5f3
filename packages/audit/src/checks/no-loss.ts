import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';
import { isRepeatedJoin } from './repeated-join.ts';

/** Proves that what was acknowledged is there: in the log or, where none was dumped, in what the nodes or the clients hold. */
export function checkNoLoss(history: History): Finding[] {
  const findings: Finding[] = [];
  for (const operation of history.operations) {
    const { id, conversation, author, oks } = operation;
    const ok = oks.find(({ epoch }) => epoch === history.epoch);
    if (ok === undefined || isRepeatedJoin(history, operation, ok)) continue;
    if (history.reference.seqOf(conversation, author, id) !== undefined) continue;
    const says = `acknowledged to ${ok.client} as ${ok.seq}, and nowhere`;
    findings.push({ says, conversation, seq: ok.seq, id, client: ok.client, at: ok.at });
  }
  return findings;
}
