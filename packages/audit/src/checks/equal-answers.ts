import type { History, Operation } from '../history.ts';
import type { Finding } from '../violation.ts';

/** Proves that an operation has one answer, wherever and how often it was asked: one seq, and for two texts under one id at most one taken. */
export function checkEqualAnswers({ operations }: History): Finding[] {
  const findings: Finding[] = [];
  for (const operation of operations) {
    const says = describe(operation);
    if (says === undefined) continue;
    const { id, conversation, oks } = operation;
    const first = oks[0];
    findings.push({ says, conversation, id, ...(first !== undefined && { seq: first.seq }) });
  }
  return findings;
}

function describe({ oks, fails, invokes }: Operation): string | undefined {
  const [first, ...others] = oks;
  if (first === undefined) return undefined;
  const other = others.find(({ epoch, seq }) => epoch === first.epoch && seq !== first.seq);
  if (other !== undefined) return `acknowledged as ${first.seq} and as ${other.seq}`;
  const refused = fails.find(({ retryable, code }) => !retryable && code !== 'idempotency_conflict');
  if (refused !== undefined) return `acknowledged as ${first.seq} and refused with ${refused.code}`;
  if (others.length === 0) return undefined;
  return tellsTwoTexts(oks, invokes) ? 'acknowledged for two texts' : undefined;
}

// A client that asked with one text only can only have been answered for that one.
function tellsTwoTexts(oks: Operation['oks'], invokes: Operation['invokes']): boolean {
  const texts = new Map<string, Set<string>>();
  for (const { client, text } of invokes) {
    if (text === undefined) continue;
    const own = texts.get(client);
    if (own === undefined) texts.set(client, new Set([text]));
    else own.add(text);
  }
  const answered = new Set<string>();
  for (const { client } of oks) {
    const own = texts.get(client);
    if (own?.size === 1) for (const text of own) answered.add(text);
  }
  return answered.size > 1;
}
