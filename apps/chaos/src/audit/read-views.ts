/** What every node holds at the end: its conversations, entry by entry, and where it stands in the log. */
import type { AuditEvent } from '@parley/audit';
import type { Member } from '@parley/infra';
import * as z from 'zod';
import { nowMs } from '../clock.ts';

const Status = z.object({
  node: z.string(),
  ready: z.boolean(),
  reason: z.optional(z.string()),
  epoch: z.optional(z.string()),
  lag: z.optional(z.number()),
  sessions: z.number(),
  metrics: z.object({ slowReaders: z.number(), malformed: z.number() }),
  view: z.optional(z.array(z.object({ partition: z.int(), next: z.int(), hash: z.string() }))),
});
export type RelayStatus = z.infer<typeof Status>;

const Page = z.object({
  epoch: z.string(),
  rows: z.array(z.object({ conversation: z.string(), entries: z.array(z.tuple([z.int(), z.string(), z.string()])) })),
  next: z.optional(z.string()),
});

const ANSWER_WITHIN_MS = 5_000;

/** Undefined where the node does not answer. */
export async function readStatus(relay: Member): Promise<RelayStatus | undefined> {
  try {
    return Status.parse(await ask(relay, '/status'));
  } catch {
    return undefined;
  }
}

export async function readViews(relays: readonly Member[]): Promise<AuditEvent[]> {
  const events = await Promise.all(relays.map(readView));
  return events.flat();
}

async function readView(relay: Member): Promise<AuditEvent[]> {
  const { epoch = '', view = [], node } = Status.parse(await ask(relay, '/status'));
  const events: AuditEvent[] = view.map((position) => ({
    type: 'position',
    at: nowMs(),
    node,
    epoch,
    topic: 'log',
    ...position,
  }));
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: z.infer<typeof Page> = Page.parse(await ask(relay, `/view?after=${after}`));
    for (const row of page.rows) events.push({ type: 'view', at: nowMs(), node, epoch: page.epoch, ...row });
    after = page.next;
  }
  return events;
}

async function ask(relay: Member, path: string): Promise<unknown> {
  const response = await fetch(`${relay.adminUrl}${path}`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`${relay.name} answers ${path} with ${response.status}`);
  return response.json();
}
