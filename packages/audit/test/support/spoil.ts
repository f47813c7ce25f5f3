/**
 * One fault each, put into a history that has none: by the check that must find it. Each gives undefined where the history
 * has no place for it.
 */
import type { AuditEvent, AuditEventOf, AuditEventType, CheckName } from '../../src/index.ts';
import { seeded } from './seeded.ts';

export interface Spoil {
  check: CheckName;
  what: string;
  apply: (history: Draft) => AuditEvent[] | undefined;
}

/** A history and what is needed to find a place in it. */
export class Draft {
  readonly events: readonly AuditEvent[];
  readonly #random: () => number;

  constructor(events: readonly AuditEvent[], seed: number) {
    this.events = events;
    this.#random = seeded(seed);
  }

  all<Type extends AuditEventType>(type: Type): AuditEventOf<Type>[] {
    return this.events.filter((event): event is AuditEventOf<Type> => event.type === type);
  }

  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random() * items.length)];
  }

  userOf(client: string): string {
    return this.all('client').find((event) => event.client === client)!.user;
  }

  /** The history with another event, or with none, in the place of one. */
  replace(old: AuditEvent, ...now: AuditEvent[]): AuditEvent[] {
    return this.events.flatMap((event) => (event === old ? now : [event]));
  }

  /** The history with events right after one. */
  after(place: AuditEvent, ...added: AuditEvent[]): AuditEvent[] {
    return this.replace(place, place, ...added);
  }

  phase(phase: AuditEventOf<'phase'>['phase']): AuditEventOf<'phase'> {
    return this.all('phase').find((event) => event.phase === phase)!;
  }

  /** The last ack of a client in a conversation after which the client never connects again. */
  lateAck(): AuditEventOf<'ok'> | undefined {
    const hellos = this.all('hello');
    return this.pick(
      this.all('ok').filter(({ client, at }) => !hellos.some((hello) => hello.client === client && hello.at > at)),
    );
  }

  headOf(conversation: string): number {
    return this.all('view').find((view) => view.conversation === conversation)!.entries.length;
  }
}

export const UNKNOWN_ID = 'ffffffff-0000-7000-8000-000000000000';

export function isPlaced(draft: Draft, id: string): boolean {
  return draft.all('view').some(({ entries }) => entries.some(([, own]) => own === id));
}

export function isDumpOrSeen({ type }: AuditEvent): boolean {
  return type === 'record' || type === 'received';
}

export const isOfTwo = (conversation: string, user: string): boolean =>
  conversation.startsWith('d_') && [conversation.slice(2, 24), conversation.slice(24)].includes(user.slice(2));

export const isNextOnSocket = (one: AuditEventOf<'received'>, other: AuditEventOf<'received'>): boolean =>
  isOnSameSocket(one, other) && other.seq === one.seq + 1;

type OnSocket = Pick<AuditEventOf<'received'>, 'client' | 'socket' | 'conversation'>;

export const isOnSameSocket = (one: OnSocket, other: OnSocket): boolean =>
  one.client === other.client && one.socket === other.socket && one.conversation === other.conversation;

/** Pushes after which nothing of the conversation comes to the client any more. */
export function lastLive(draft: Draft): AuditEventOf<'received'>[] {
  const last = new Map<string, AuditEventOf<'received'>>();
  for (const event of draft.all('received')) last.set(`${event.client} ${event.conversation}`, event);
  return [...last.values()].filter(({ via }) => via === 'live');
}

/** The watcher is connected, and for 2.5 s nobody's session of the two begins or ends. */
export function isQuiet(draft: Draft, { client, user }: { client: string; user: string }, at: number): boolean {
  const turns = [...draft.all('welcome'), ...draft.all('closed')].filter(
    (event) => event.client === client || draft.userOf(event.client) === user,
  );
  const last = turns.findLast((event) => event.client === client && event.at <= at);
  return last?.type !== 'closed' && !turns.some((event) => event.at > at && event.at < at + 2_500);
}
