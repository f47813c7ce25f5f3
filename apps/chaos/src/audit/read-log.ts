/** The log itself, read from its start by another client than the relay's, and decoded by rules of its own. */
import { type AuditEvent, type AuditEventOf, hashText } from '@parley/audit';
import { checkText } from '@parley/protocol';
import kafkajs, { type KafkaMessage } from 'kafkajs';
import * as z from 'zod';
import { nowMs } from '../clock.ts';

export const LOG_TOPIC = 'parley.log';

/** A version that no node knows stops every node, so that a run with one is not judged at all. */
const HEAD = /^\d{1,15} (\w+) ([0-9a-f-]{36}) (u_[\w-]{22}) (\d{1,15})$/;
const KINDS: ReadonlySet<string> = new Set([
  'genesis',
  'userNamed',
  'message',
  'messageRefused',
  'roomCreated',
  'roomRenamed',
  'memberJoined',
  'memberLeft',
  'inviteReplaced',
]);
const Body = z.object({
  epoch: z.optional(z.string()),
  visibility: z.optional(z.enum(['public', 'private'])),
  invite: z.optional(z.string()),
});
const READ_WITHIN_MS = 60_000;
/** A broker that has nothing more to say holds up those that have, and the end, for so long. */
const WAIT_AT_A_BROKER_MS = 100;

export function kafkaClient(brokers: readonly string[]): InstanceType<typeof kafkajs.Kafka> {
  return new kafkajs.Kafka({
    clientId: 'chaos',
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 20 },
  });
}

export async function readLog(brokers: readonly string[]): Promise<AuditEvent[]> {
  const kafka = kafkaClient(brokers);
  const admin = kafka.admin();
  await admin.connect();
  const ends = new Map<number, number>();
  for (const { partition, offset } of await admin.fetchTopicOffsets(LOG_TOPIC)) ends.set(partition, Number(offset));
  await admin.disconnect();
  const records: { partition: number; message: KafkaMessage }[] = [];
  const groupId = `chaos-audit-${process.pid}-${Math.round(nowMs())}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: WAIT_AT_A_BROKER_MS });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const left = new Map([...ends].filter(([, end]) => end > 0));
  const late = setTimeout(() => {
    const places = JSON.stringify({ left: [...left], read: records.length });
    reject(new Error(`the log could not be read to its end in time: ${places}`));
  }, READ_WITHIN_MS);
  if (left.size === 0) resolve();
  await consumer.connect();
  await consumer.subscribe({ topic: LOG_TOPIC, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch: { partition, messages } }) => {
      for (const message of messages) records.push({ partition, message });
      if (Number(messages.at(-1)?.offset ?? -1) + 1 >= (left.get(partition) ?? Infinity)) left.delete(partition);
      if (left.size === 0) resolve();
    },
  });
  await promise.finally(() => clearTimeout(late));
  await consumer.disconnect();
  return toEvents(records, ends);
}

function toEvents(
  records: { partition: number; message: KafkaMessage }[],
  ends: ReadonlyMap<number, number>,
): AuditEvent[] {
  const at = nowMs();
  const inOrder = records
    .filter(({ partition, message }) => Number(message.offset) < (ends.get(partition) ?? 0))
    .toSorted(
      (one, other) => one.partition - other.partition || Number(one.message.offset) - Number(other.message.offset),
    );
  const genesis = inOrder.find(({ partition, message }) => partition === 0 && headOf(message).includes(' genesis '));
  const epoch = (genesis && bodyOf(genesis.message).epoch) ?? '';
  return inOrder.map(({ partition, message }) => ({ type: 'record', at, epoch, partition, ...decode(message) }));
}

type Decoded = Omit<AuditEventOf<'record'>, 'type' | 'at' | 'epoch' | 'partition'>;

function decode(message: KafkaMessage): Decoded {
  const key = message.key?.toString() ?? '';
  const offset = Number(message.offset);
  const [, kind = '', id = '', author = ''] = HEAD.exec(headOf(message)) ?? [];
  const common = { offset, key, id, author, kind };
  if (!KINDS.has(kind)) return { ...common, broken: true };
  if (kind !== 'message') {
    const { visibility, invite } = bodyOf(message);
    return { ...common, ...(visibility !== undefined && { visibility }), ...(invite !== undefined && { invite }) };
  }
  const text = message.value?.toString() ?? '';
  // Bytes that are no UTF-8 come back as something else.
  const isText = checkText(text) === undefined && Buffer.from(text).equals(message.value ?? Buffer.alloc(0));
  return isText ? { ...common, text: hashText(text) } : { ...common, broken: true };
}

function headOf({ headers }: KafkaMessage): string {
  return headers?.['head']?.toString() ?? '';
}

function bodyOf({ value }: KafkaMessage): z.infer<typeof Body> {
  try {
    return Body.parse(JSON.parse(value?.toString() ?? ''));
  } catch {
    return {};
  }
}
