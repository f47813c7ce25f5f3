import type { History, Operation } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that order follows time where time is known: what was acknowledged, or seen by anybody, before something else was
 * written in the same conversation stands before it.
 */
export function checkRealTime({ operations, reference }: History): Finding[] {
  const findings: Finding[] = [];
  const conversations = new Map<string, Placed[]>();
  for (const operation of operations) {
    const seq = reference.seqOf(operation.conversation, operation.author, operation.id);
    if (seq === undefined) continue;
    const placed = { operation, seq, writtenAt: operation.invokes[0]?.at ?? Number.POSITIVE_INFINITY };
    const own = conversations.get(operation.conversation);
    if (own === undefined) conversations.set(operation.conversation, [placed]);
    else own.push(placed);
  }
  for (const placed of conversations.values()) judge(placed, findings);
  return findings;
}

interface Placed {
  operation: Operation;
  seq: number;
  writtenAt: number;
}

function judge(placed: Placed[], findings: Finding[]): void {
  const byProof = placed.toSorted((one, other) => one.operation.provenAt - other.operation.provenAt);
  let proven = 0;
  let newest: Placed | undefined;
  for (const { operation, seq, writtenAt } of placed.toSorted((one, other) => one.writtenAt - other.writtenAt)) {
    for (
      let next = byProof[proven];
      next !== undefined && next.operation.provenAt < writtenAt;
      next = byProof[proven]
    ) {
      if (newest === undefined || next.seq > newest.seq) newest = next;
      proven += 1;
    }
    if (newest === undefined || newest.seq <= seq || isOwnLane(newest, operation)) continue;
    const { id, conversation } = operation;
    findings.push({
      says: `written after ${newest.operation.id} was known at ${newest.seq}, and stands before it`,
      conversation,
      seq,
      id,
      at: writtenAt,
    });
  }
}

// The order within one client is told by `authorOrder`.
function isOwnLane(newest: Placed, operation: Operation): boolean {
  return newest.operation.invokes[0]?.client === operation.invokes[0]?.client;
}
