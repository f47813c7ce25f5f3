import type { History, Operation } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that what a device wrote into a conversation stands in the order in which it was written, over restarts of the client
 * too. Two clients of one device that live at the same time have no order between them.
 */
export function checkAuthorOrder({ operations, reference, clients }: History): Finding[] {
  const findings: Finding[] = [];
  const lanes = new Map<string, Lane>();
  for (const operation of operations) {
    if (operation.kind !== 'message') continue;
    const invoke = operation.invokes[0];
    const seq = reference.seqOf(operation.conversation, operation.author, operation.id);
    const life = invoke && clients.get(invoke.client);
    if (invoke === undefined || seq === undefined || life === undefined) continue;
    const name = `${operation.conversation} ${life.device}`;
    let lane = lanes.get(name);
    if (lane === undefined) lanes.set(name, (lane = new Lane((client) => clients.get(client)?.goneAt ?? Infinity)));
    const earlier = lane.add(operation, seq);
    if (earlier === undefined) continue;
    const { conversation, id } = operation;
    const says = `${life.client} wrote it after ${earlier.id}, which stands at ${earlier.seq}`;
    findings.push({ says, conversation, seq, id, client: life.client });
  }
  return findings;
}

interface Newest {
  id: string;
  seq: number;
}

/** One device's messages in one conversation, in the order in which they were written. */
class Lane {
  readonly #goneAt: (client: string) => number;
  readonly #newest = new Map<string, Newest>();

  constructor(goneAt: (client: string) => number) {
    this.#goneAt = goneAt;
  }

  /** The message that was written before this one and stands behind it. */
  add({ id, invokes }: Operation, seq: number): Newest | undefined {
    const { client, at } = invokes[0]!;
    let found: Newest | undefined;
    for (const [other, newest] of this.#newest) {
      if ((other === client || this.#goneAt(other) < at) && newest.seq > seq) found = newest;
    }
    if ((this.#newest.get(client)?.seq ?? 0) < seq) this.#newest.set(client, { id, seq });
    return found;
  }
}
