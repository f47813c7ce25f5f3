import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that the numbers have no hole: in what the nodes hold, and in what each socket is pushed. A client would close such a
 * hole by fetching, and with an entry after it; the last one of a conversation it could never miss.
 */
export function checkContiguity(history: History): Finding[] {
  const findings: Finding[] = [];
  for (const { conversation, entries, node } of history.views) {
    const at = entries.findIndex(([seq], index) => seq !== index + 1);
    if (at === -1) continue;
    findings.push({ says: `${node} holds no ${at + 1}`, node, conversation, seq: at + 1 });
  }
  // How far each socket has heard of each conversation: the node describes it before its first entry.
  const reached = new Map<string, Map<string, number>>();
  const reachedOn = (client: string, socket: number): Map<string, number> => {
    const name = `${socket} ${client}`;
    let own = reached.get(name);
    if (own === undefined) reached.set(name, (own = new Map()));
    return own;
  };
  for (const event of history.events) {
    if (event.type === 'claimed' || event.type === 'hole') {
      raise(reachedOn(event.client, event.socket), event.conversation, event.type === 'hole' ? event.to : event.head);
    } else if (event.type === 'received' && (event.via === 'live' || event.via === 'replay')) {
      const { client, socket, conversation, seq, id, at } = event;
      const own = reachedOn(client, socket);
      const before = own.get(conversation) ?? 0;
      if (event.via === 'live' && seq > before + 1) {
        const says = `${client} was pushed ${seq} after ${before}`;
        findings.push({ says, conversation, seq: before + 1, id, client, at });
      }
      raise(own, conversation, seq);
    }
  }
  return findings;
}

function raise(heads: Map<string, number>, conversation: string, seq: number): void {
  if ((heads.get(conversation) ?? 0) < seq) heads.set(conversation, seq);
}
