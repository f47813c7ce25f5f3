/** What the log and the views hold at the end, for the checker. */
import { DatabaseSync } from 'node:sqlite';
import { type AuditEvent, hashText } from '@parley/audit';
import type { KafkaRecord } from '@parley/relay/kafka-cluster';
import { decodeBody, decodeHead } from '@parley/relay/record';
import type { Cluster } from '../cluster/cluster.ts';

/** Every record that is readable, from the start. */
export function dumpLog(
  { kafka }: Cluster,
  { epoch, at, topic }: { epoch: string; at: number; topic: string },
): AuditEvent[] {
  const events: AuditEvent[] = [];
  for (let partition = 0; partition < kafka.partitionsOf(topic); partition += 1) {
    for (const [offset, { record }] of kafka.committed(topic, partition).entries())
      events.push({ type: 'record', at, epoch, partition, offset, key: record.key, ...describe(record) });
  }
  return events;
}

function describe({ headers, value }: KafkaRecord) {
  const head = decodeHead(headers.find(([name]) => name === 'head')?.[1] ?? '');
  if ('bad' in head) return { id: '', author: '', kind: 'broken', broken: true as const };
  const { id, author, kind } = head;
  if (kind === 'message') return { id, author, kind, text: hashText(Buffer.from(value).toString()) };
  const body = decodeBody(kind, value);
  if ('bad' in body) return { id, author, kind, broken: true as const };
  return {
    id,
    author,
    kind,
    ...('visibility' in body && { visibility: body.visibility }),
    ...('invite' in body && body.invite !== undefined && { invite: body.invite }),
  };
}

/** Every conversation in a view's file; nobody may have it open. */
export function dumpView(file: string, { node, epoch, at }: { node: string; epoch: string; at: number }): AuditEvent[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const conversations = new Map<string, [number, string, string][]>();
    const rows = database
      .prepare(
        'SELECT c.id AS conversation, e.seq, e.id, e.author FROM entries e JOIN conversations c ON c.ref = e.conversation ORDER BY c.id, e.seq',
      )
      .all();
    for (const row of rows) {
      const conversation = String(row['conversation']);
      const entries = conversations.get(conversation) ?? [];
      conversations.set(conversation, entries);
      entries.push([Number(row['seq']), String(row['id']), String(row['author'])]);
    }
    return [...conversations].map(([conversation, entries]) => ({
      type: 'view',
      at,
      node,
      epoch,
      conversation,
      entries,
    }));
  } finally {
    database.close();
  }
}
