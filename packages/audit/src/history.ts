/**
 * The history in the form in which the checks ask for it: one pass over the events. Nothing is judged here.
 */
import type { AuditEvent, AuditEventOf } from './events.ts';
import { foldLog } from './fold-log.ts';
import type { AuditOptions } from './options.ts';
import { chooseReference, type Reference } from './reference.ts';

/** One thing that a user asked to be written, over all the times and places it was sent from. */
export interface Operation {
  readonly id: string;
  readonly conversation: string;
  readonly author: string;
  readonly kind: string;
  readonly invokes: AuditEventOf<'invoke'>[];
  readonly oks: AuditEventOf<'ok'>[];
  readonly fails: AuditEventOf<'fail'>[];
  /** First ack, or first time that anybody saw it in the final epoch; Infinity where neither came. */
  provenAt: number;
  /** First ack. */
  okAt: number;
}

export interface SocketLife {
  readonly socket: number;
  hello?: AuditEventOf<'hello'>;
  welcome?: AuditEventOf<'welcome'>;
  caughtUpAt?: number;
  closed?: AuditEventOf<'closed'>;
  endedAt?: number;
}

export interface ClientLife {
  readonly client: string;
  readonly user: string;
  device: string;
  readonly process: string;
  readonly startAt: number;
  goneAt: number;
  readonly sockets: Map<number, SocketLife>;
  /** Final screens by conversation. */
  readonly finals: Map<string, AuditEventOf<'screen'>>;
}

export interface History {
  readonly events: readonly AuditEvent[];
  readonly clients: ReadonlyMap<string, ClientLife>;
  /** Known users: those with a client in this history. */
  readonly users: ReadonlySet<string>;
  readonly operations: readonly Operation[];
  readonly received: readonly AuditEventOf<'received'>[];
  readonly screens: readonly AuditEventOf<'screen'>[];
  readonly views: readonly AuditEventOf<'view'>[];
  readonly positions: readonly AuditEventOf<'position'>[];
  readonly phases: readonly AuditEventOf<'phase'>[];
  readonly nemeses: readonly AuditEventOf<'nemesis'>[];
  readonly epoch: string;
  /** What the conversations of the final epoch hold in truth. */
  readonly reference: Reference;
  /** Time of the last event that is no dump. */
  readonly endAt: number;
  readonly operation: (conversation: string, author: string, id: string) => Operation | undefined;
  /** The epoch that a client was in when it received this; the final one where no `welcome` tells. */
  readonly epochOf: (event: { client: string; socket: number }) => string;
}

export function readHistory(mixed: readonly AuditEvent[], options: AuditOptions = {}): History {
  const events = sortByTime(mixed);
  const collected = new Collector();
  for (const event of events) collected.take(event);
  return collected.finish(events, options);
}

/** Stable: what one writer wrote at one moment keeps its order. */
function sortByTime(events: readonly AuditEvent[]): readonly AuditEvent[] {
  const isSorted = events.every((event, index) => index === 0 || events[index - 1]!.at <= event.at);
  return isSorted ? events : events.toSorted((one, other) => one.at - other.at);
}

class Collector {
  readonly #clients = new Map<string, ClientLife>();
  /** By device, what it first called itself. */
  readonly #deviceIds = new Map<string, string>();
  readonly #operations = new Map<string, Operation[]>();
  readonly #all: Operation[] = [];
  readonly #received: AuditEventOf<'received'>[] = [];
  readonly #screens: AuditEventOf<'screen'>[] = [];
  readonly #views: AuditEventOf<'view'>[] = [];
  readonly #positions: AuditEventOf<'position'>[] = [];
  readonly #records: AuditEventOf<'record'>[] = [];
  readonly #memberships: AuditEventOf<'membership'>[] = [];
  readonly #phases: AuditEventOf<'phase'>[] = [];
  readonly #nemeses: AuditEventOf<'nemesis'>[] = [];
  #welcomedEpoch: string | undefined;
  #endAt = 0;

  take(event: AuditEvent): void {
    switch (event.type) {
      case 'view':
        this.#views.push(event);
        return;
      case 'position':
        this.#positions.push(event);
        return;
      case 'record':
        this.#records.push(event);
        return;
      default:
        this.#endAt = Math.max(this.#endAt, event.at);
        this.#takeHappening(event);
    }
  }

  finish(events: readonly AuditEvent[], options: AuditOptions): History {
    const epoch =
      options.epoch ?? this.#records.at(-1)?.epoch ?? this.#views.at(-1)?.epoch ?? this.#welcomedEpoch ?? 'unknown';
    const epochOf = (event: { client: string; socket: number }): string =>
      this.#clients.get(event.client)?.sockets.get(event.socket)?.welcome?.epoch ?? epoch;
    const operation = (conversation: string, author: string, id: string): Operation | undefined =>
      this.#find(conversation, author, id);
    for (const event of this.#received) {
      // What was seen of a log that is no more proves nothing of this one.
      if (epochOf(event) !== epoch) continue;
      const found = this.#find(event.conversation, event.author, event.id);
      if (found !== undefined && event.at < found.provenAt) found.provenAt = event.at;
    }
    const folded = foldLog(this.#records.filter((record) => record.epoch === epoch));
    return {
      events,
      clients: this.#clients,
      users: new Set([...this.#clients.values()].map(({ user }) => user)),
      operations: this.#all,
      received: this.#received,
      screens: this.#screens,
      views: this.#views.filter((view) => view.epoch === epoch),
      positions: this.#positions,
      phases: this.#phases,
      nemeses: this.#nemeses,
      epoch,
      reference: chooseReference({
        folded,
        views: this.#views.filter((view) => view.epoch === epoch),
        received: this.#received.filter((event) => epochOf(event) === epoch),
        memberships: this.#memberships,
      }),
      endAt: this.#endAt,
      operation,
      epochOf,
    };
  }

  #takeHappening(event: Exclude<AuditEvent, { type: 'view' | 'position' | 'record' }>): void {
    switch (event.type) {
      case 'client':
        this.#clients.set(event.client, {
          ...event,
          startAt: event.at,
          goneAt: Number.POSITIVE_INFINITY,
          sockets: new Map(),
          finals: new Map(),
        });
        break;
      case 'gone': {
        const life = this.#clients.get(event.client);
        if (life !== undefined) life.goneAt = event.at;
        break;
      }
      case 'invoke':
        this.#invoke(event);
        break;
      case 'ok':
        this.#ok(event);
        break;
      case 'fail':
        this.#mine(event)?.fails.push(event);
        break;
      case 'received':
        this.#received.push(event);
        break;
      case 'screen':
        this.#screens.push(event);
        if (event.final) this.#clients.get(event.client)?.finals.set(event.conversation, event);
        break;
      case 'membership':
        this.#memberships.push(event);
        break;
      case 'phase':
        this.#phases.push(event);
        break;
      case 'nemesis':
        this.#nemeses.push(event);
        break;
      case 'info':
      case 'watch':
      case 'presence':
      case 'stale':
      case 'hidden':
      case 'claimed':
      case 'hole':
        break;
      default:
        this.#takeSocket(event);
    }
  }

  #takeSocket(event: AuditEventOf<'opened' | 'hello' | 'welcome' | 'caughtUp' | 'closed' | 'ended'>): void {
    const client = this.#clients.get(event.client);
    if (client === undefined) return;
    const { sockets } = client;
    let life = sockets.get(event.socket);
    if (life === undefined) {
      life = { socket: event.socket };
      sockets.set(event.socket, life);
    }
    if (event.type === 'hello') {
      life.hello = event;
      if (event.device !== undefined) this.#takeDevice(client, event.device);
    } else if (event.type === 'welcome') {
      life.welcome = event;
      this.#welcomedEpoch = event.epoch;
    } else if (event.type === 'caughtUp') life.caughtUpAt ??= event.at;
    else if (event.type === 'closed') life.closed ??= event;
    else if (event.type === 'ended') life.endedAt ??= event.at;
  }

  /** A client whose storage did not answer knows nothing of what its device wrote before: it takes itself for another one. */
  #takeDevice(client: ClientLife, id: string): void {
    const first = this.#deviceIds.get(client.device);
    if (first === undefined) this.#deviceIds.set(client.device, id);
    else if (first !== id && !client.device.endsWith(id)) client.device += ` without its storage, as ${id}`;
  }

  #invoke(event: AuditEventOf<'invoke'>): void {
    const author = this.#clients.get(event.client)?.user ?? '';
    let found = this.#find(event.conversation, author, event.id);
    if (found === undefined) {
      found = {
        id: event.id,
        conversation: event.conversation,
        author,
        kind: event.kind ?? 'message',
        invokes: [],
        oks: [],
        fails: [],
        provenAt: Number.POSITIVE_INFINITY,
        okAt: Number.POSITIVE_INFINITY,
      };
      this.#all.push(found);
      const same = this.#operations.get(event.id);
      if (same === undefined) this.#operations.set(event.id, [found]);
      else same.push(found);
    }
    found.invokes.push(event);
  }

  #ok(event: AuditEventOf<'ok'>): void {
    const found = this.#find(event.conversation, this.#clients.get(event.client)?.user ?? '', event.id);
    if (found === undefined) return;
    found.oks.push(event);
    found.okAt = Math.min(found.okAt, event.at);
    found.provenAt = Math.min(found.provenAt, event.at);
  }

  /** The operation that this client invoked under the id; an id in two conversations is told apart by the last one invoked. */
  #mine(event: { client: string; id: string }): Operation | undefined {
    const author = this.#clients.get(event.client)?.user;
    return this.#operations.get(event.id)?.findLast((operation) => operation.author === author);
  }

  #find(conversation: string, author: string, id: string): Operation | undefined {
    return this.#operations
      .get(id)
      ?.find((operation) => operation.author === author && operation.conversation === conversation);
  }
}
