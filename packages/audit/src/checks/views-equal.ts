import { majority } from '../reference.ts';
import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that all nodes hold the same: the same entries in every conversation, the same hash where they stand at the same place
 * of the log, and, after calm, the same place.
 */
export function checkViewsEqual(history: History): Finding[] {
  return [...compareEntries(history), ...comparePositions(history)];
}

function compareEntries({ views }: History): Finding[] {
  const findings: Finding[] = [];
  const nodes = new Set(views.map(({ node }) => node));
  const held = new Map<string, Set<string>>();
  const most = majority(views);
  for (const view of views) {
    const holders = held.get(view.conversation);
    if (holders === undefined) held.set(view.conversation, new Set([view.node]));
    else holders.add(view.node);
    const seq = firstDifference(view.entries, most.get(view.conversation)?.entries ?? []);
    if (seq === undefined) continue;
    const says = `${view.node} holds another entry than the other nodes`;
    findings.push({ says, node: view.node, conversation: view.conversation, seq });
  }
  for (const [conversation, holders] of held) {
    for (const node of nodes) {
      if (!holders.has(node)) findings.push({ says: `${node} lacks the conversation`, node, conversation });
    }
  }
  return findings;
}

type Entries = readonly (readonly [number, string, string])[];

function firstDifference(one: Entries, other: Entries): number | undefined {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const [a, b] = [one[at], other[at]];
    if (a?.[0] !== b?.[0] || a?.[1] !== b?.[1] || a?.[2] !== b?.[2])
      return Math.min(a?.[0] ?? Infinity, b?.[0] ?? Infinity);
  }
  return undefined;
}

function comparePositions({ positions }: History): Finding[] {
  const findings: Finding[] = [];
  const firsts = new Map<string, (typeof positions)[number]>();
  for (const position of positions) {
    const name = `${position.topic} ${position.partition}`;
    const first = firsts.get(name);
    if (first === undefined) firsts.set(name, position);
    else if (position.epoch !== first.epoch || position.next !== first.next || position.hash !== first.hash) {
      const places = [first, position].map(({ node, epoch, next, hash }) => `${node} ${epoch}:${next}:${hash}`);
      findings.push({ says: `partition ${name} differs: ${places.join(', ')}`, node: position.node });
    }
  }
  return findings;
}
