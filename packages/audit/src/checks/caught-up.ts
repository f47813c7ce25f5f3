import type { AuditEventOf } from '../events.ts';
import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that `caughtUp` is never early: by then each conversation that the client named was described, and everything between
 * its head and the client's came on this socket or was announced as a hole.
 */
export function checkCaughtUp(history: History): Finding[] {
  const findings: Finding[] = [];
  const opening = new Map<string, Opening>();
  for (const event of history.events) {
    if (event.type === 'hello') opening.set(nameOf(event), new Opening(event));
    else if (event.type === 'welcome') opening.get(nameOf(event))?.welcome(event);
    else if (event.type === 'claimed') opening.get(nameOf(event))?.claimed.set(event.conversation, event);
    else if (event.type === 'hole') opening.get(nameOf(event))?.cover(event);
    else if (event.type === 'received') opening.get(nameOf(event))?.receive(event);
    else if (event.type === 'closed') opening.delete(nameOf(event));
    else if (event.type === 'caughtUp') {
      const found = opening.get(nameOf(event));
      opening.delete(nameOf(event));
      for (const missing of found?.missing(history) ?? [])
        findings.push({ ...missing, client: event.client, at: event.at });
    }
  }
  return findings;
}

const nameOf = ({ client, socket }: { client: string; socket: number }): string => `${socket} ${client}`;

/** A socket between its `hello` and its `caughtUp`. */
class Opening {
  readonly #hello: AuditEventOf<'hello'>;
  readonly claimed = new Map<string, AuditEventOf<'claimed'>>();
  readonly #covered = new Map<string, Set<number>>();
  #counts = false;

  constructor(hello: AuditEventOf<'hello'>) {
    this.#hello = hello;
  }

  welcome({ epoch, resync }: AuditEventOf<'welcome'>): void {
    this.#counts = resync === undefined && this.#hello.epoch === epoch;
  }

  receive({ conversation, seq, via }: AuditEventOf<'received'>): void {
    if (via === 'live' || via === 'replay') this.#of(conversation).add(seq);
  }

  cover({ conversation, from, to }: AuditEventOf<'hole'>): void {
    const own = this.#of(conversation);
    for (let seq = from; seq <= to; seq += 1) own.add(seq);
  }

  *missing({ reference, clients }: History): Iterable<Finding> {
    if (!this.#counts) return;
    const { client, heads } = this.#hello;
    const user = clients.get(client)?.user ?? '';
    for (const [conversation, held] of heads) {
      const claim = this.claimed.get(conversation);
      if (claim === undefined) {
        const spans = reference.visibleTo(conversation, user);
        if (spans === undefined || spans.length === 0) continue;
        yield { says: `${client} was told that it is up to date before it was told of the conversation`, conversation };
        continue;
      }
      const covered = this.#covered.get(conversation);
      for (let seq = Math.max(held, claim.hiddenUpTo) + 1; seq <= claim.head; seq += 1) {
        if (covered?.has(seq) === true) continue;
        yield {
          says: `${client} held ${held}, was told that it is up to date, and ${seq} had not come`,
          conversation,
          seq,
        };
        break;
      }
    }
  }

  #of(conversation: string): Set<number> {
    let own = this.#covered.get(conversation);
    if (own === undefined) this.#covered.set(conversation, (own = new Set()));
    return own;
  }
}
