import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';
import { isRepeatedJoin } from './repeated-join.ts';

/** Proves that everybody means the same entry by the same number: clients over the wire and on screens, acks, and the log. */
export function checkAgreement(history: History): Finding[] {
  const findings: Finding[] = [];
  const told = new Map<string, Map<string, string[]>>();
  const compare = (place: { epoch: string; conversation: string; seq: number }, id: string, client: string): void => {
    const { epoch, conversation, seq } = place;
    let conversations = told.get(epoch);
    if (conversations === undefined) told.set(epoch, (conversations = truth(history, epoch)));
    let ids = conversations.get(conversation);
    if (ids === undefined) conversations.set(conversation, (ids = []));
    const known = ids[seq];
    if (known === undefined) ids[seq] = id;
    else if (known !== id) {
      findings.push({ says: `${client} has ${id} at ${seq}, where ${known} is`, conversation, seq, id, client });
    }
  };
  for (const event of history.received) {
    compare({ ...event, epoch: history.epochOf(event) }, event.id, event.client);
  }
  for (const operation of history.operations) {
    for (const ok of operation.oks) if (!isRepeatedJoin(history, operation, ok)) compare(ok, ok.id, ok.client);
  }
  for (const { client, conversation, rows, final } of history.screens) {
    if (!final) continue;
    for (const [seq, id] of rows) compare({ epoch: history.epoch, conversation, seq }, id, client);
  }
  return findings;
}

/** What dumps say; where there are none, the first to tell is believed. */
function truth({ epoch: final, reference }: History, epoch: string): Map<string, string[]> {
  if (epoch !== final || reference.source === 'clients') return new Map();
  const known = new Map<string, string[]>();
  for (const [conversation, places] of reference.conversations) {
    const ids: string[] = [];
    for (const [at, place] of places.entries()) if (place !== undefined) ids[at + 1] = place.id;
    known.set(conversation, ids);
  }
  return known;
}
