import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that nobody falls behind what they were told: a client that was acknowledged a number, and then connects, to whichever
 * node, finds a head that is no smaller, unless the node says that it is behind (`resync`).
 */
export function checkReadYourWrites({ events, clients }: History): Finding[] {
  const findings: Finding[] = [];
  const told = new Map<string, Map<string, number>>();
  const toldAtHello = new Map<string, Map<string, number>>();
  for (const event of events) {
    if (event.type === 'ok') {
      let own = told.get(event.client);
      if (own === undefined) told.set(event.client, (own = new Map()));
      if ((own.get(event.conversation) ?? 0) < event.seq) own.set(event.conversation, event.seq);
    } else if (event.type === 'hello') {
      // What another socket brings meanwhile, this one need not know.
      toldAtHello.set(`${event.socket} ${event.client}`, new Map(told.get(event.client)));
    } else if (event.type === 'welcome' && event.resync !== undefined) {
      told.delete(event.client);
      toldAtHello.delete(`${event.socket} ${event.client}`);
    } else if (event.type === 'claimed') {
      const { client, socket, conversation, head, at } = event;
      const known = toldAtHello.get(`${socket} ${client}`)?.get(conversation) ?? 0;
      if (head >= known) continue;
      const node = clients.get(client)?.sockets.get(socket)?.welcome?.node;
      const says = `${client} was acknowledged ${known}, and ${node ?? 'a node'} says that ${head} is the newest`;
      findings.push({ says, conversation, seq: known, client, at, ...(node !== undefined && { node }) });
    }
  }
  return findings;
}
