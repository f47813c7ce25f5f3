import type { History } from '../history.ts';
import { majority } from '../reference.ts';
import type { Finding } from '../violation.ts';

/** Proves that an operation, sent as often as it took, is one entry: in the log, in what the nodes hold, and in what clients get. */
export function checkOnce(history: History): Finding[] {
  const findings: Finding[] = [];
  const places = new Places();
  const compare = (place: Placed, says: string, client?: string): void => {
    const first = places.note(place);
    if (first === undefined) return;
    const { conversation, seq, id } = place;
    findings.push({
      says: `${says}: it is at ${first} too`,
      conversation,
      seq,
      id,
      ...(client !== undefined && { client }),
    });
  };
  for (const [conversation, known] of history.reference.conversations) {
    for (const [at, place] of known.entries()) {
      if (place !== undefined) compare({ ...place, epoch: history.epoch, conversation, seq: at + 1 }, 'an entry again');
    }
  }
  for (const { conversation, node, entries } of majority(history.views).values()) {
    for (const [seq, id, author] of entries) {
      compare({ epoch: history.epoch, conversation, seq, id, author }, `${node} holds it again`);
    }
  }
  for (const event of history.received) {
    compare({ ...event, epoch: history.epochOf(event) }, `${event.client} got it again`, event.client);
  }
  return findings;
}

interface Placed {
  epoch: string;
  conversation: string;
  author: string;
  id: string;
  seq: number;
}

class Places {
  readonly #seqs = new Map<string, Map<string, Map<string, number>>>();

  /** Another seq at which the operation was noted before; the new one is noted too, and told once. */
  note({ epoch, conversation, author, id, seq }: Placed): number | undefined {
    const scope = `${epoch} ${author}`;
    let conversations = this.#seqs.get(scope);
    if (conversations === undefined) this.#seqs.set(scope, (conversations = new Map()));
    let ids = conversations.get(conversation);
    if (ids === undefined) conversations.set(conversation, (ids = new Map()));
    const first = ids.get(id);
    if (first === seq) return undefined;
    if (first === undefined) {
      ids.set(id, seq);
      return undefined;
    }
    const again = `${id} ${seq}`;
    if (ids.has(again)) return undefined;
    ids.set(again, seq);
    return first;
  }
}
