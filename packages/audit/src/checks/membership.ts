import type { AuditEventOf } from '../events.ts';
import type { Span } from '../fold-log.ts';
import type { History } from '../history.ts';
import type { Finding } from '../violation.ts';

/**
 * Proves that nobody gets what is not theirs to see: every entry that reaches a client, over the wire or on its screen, lies in
 * a stretch that its user may see, and nothing comes before the user asked to come in.
 */
export function checkMembership(history: History): Finding[] {
  const findings: Finding[] = [];
  const judge = new Judge(history);
  for (const event of history.received) {
    if (history.epochOf(event) !== history.epoch || judge.mayHave(event)) continue;
    const { conversation, seq, id, client, at } = event;
    findings.push({ says: `${client} got what its user may not see`, conversation, seq, id, client, at });
  }
  for (const { client, conversation, rows, at, final } of history.screens) {
    if (!final) continue;
    const user = history.clients.get(client)?.user ?? '';
    for (const [seq, id] of rows) {
      if (judge.maySee(user, conversation, seq)) continue;
      // What came over the wire was told above.
      if (judge.hasTold(client, conversation, seq)) continue;
      findings.push({ says: `${client} shows what its user may not see`, conversation, seq, id, client, at });
    }
  }
  return findings;
}

class Judge {
  readonly #history: History;
  readonly #told = new Set<string>();

  constructor(history: History) {
    this.#history = history;
  }

  mayHave({ client, conversation, seq, at }: AuditEventOf<'received'>): boolean {
    const user = this.#history.clients.get(client)?.user ?? '';
    if (this.maySee(user, conversation, seq) && at >= this.#askedAt(conversation, user)) return true;
    this.#told.add(`${client} ${conversation} ${seq}`);
    return false;
  }

  maySee(user: string, conversation: string, seq: number): boolean {
    const spans: readonly Span[] | undefined = this.#history.reference.visibleTo(conversation, user);
    return spans === undefined || spans.some(({ from, to }) => from <= seq && seq <= to);
  }

  hasTold(client: string, conversation: string, seq: number): boolean {
    return this.#told.has(`${client} ${conversation} ${seq}`);
  }

  #askedAt(conversation: string, user: string): number {
    const entry = this.#history.reference.entryOf(conversation, user);
    const operation = entry && this.#history.operation(conversation, user, entry.id);
    return operation?.invokes[0]?.at ?? Number.NEGATIVE_INFINITY;
  }
}
