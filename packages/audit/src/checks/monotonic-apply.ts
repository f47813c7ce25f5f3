import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that a socket is pushed a conversation in ascending order, and that no client takes the same entry for new twice. */
export function checkMonotonicApply(history: History): Finding[] {
  return [...checkPushed(history), ...checkApplied(history)];
}

function checkPushed({ received }: History): Finding[] {
  const findings: Finding[] = [];
  const newest = new Map<string, Map<string, number>>();
  for (const { client, socket, conversation, seq, id, via, at } of received) {
    if (via !== 'live') continue;
    const name = `${socket} ${client}`;
    let own = newest.get(name);
    if (own === undefined) newest.set(name, (own = new Map()));
    const before = own.get(conversation) ?? 0;
    if (seq <= before) {
      findings.push({ says: `${client} was pushed ${seq} after ${before}`, conversation, seq, id, client, at });
    } else own.set(conversation, seq);
  }
  return findings;
}

function checkApplied({ events }: History): Finding[] {
  const findings: Finding[] = [];
  const applied = new Map<string, Map<string, Uint8Array>>();
  for (const event of events) {
    // It dropped everything that it held.
    if (event.type === 'welcome' && event.resync !== undefined) applied.delete(event.client);
    if (event.type !== 'received' || event.again === true) continue;
    const { client, conversation, seq, id, at } = event;
    let own = applied.get(client);
    if (own === undefined) applied.set(client, (own = new Map()));
    const marks = roomFor(own, conversation, seq);
    if (marks[seq] === 1) {
      findings.push({ says: `${client} took ${seq} for new a second time`, conversation, seq, id, client, at });
    }
    marks[seq] = 1;
  }
  return findings;
}

function roomFor(own: Map<string, Uint8Array>, conversation: string, seq: number): Uint8Array {
  const before = own.get(conversation);
  if (before !== undefined && before.length > seq) return before;
  const marks = new Uint8Array(Math.max(64, seq * 2));
  if (before !== undefined) marks.set(before);
  own.set(conversation, marks);
  return marks;
}
