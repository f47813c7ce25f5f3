/**
 * A run of a cluster that does everything right: the history that the checks must find nothing in, and that is spoiled in one
 * place to see what finds it. Seeded, so that a failure names its run.
 */
import { directConversationId } from '@parley/protocol';
import { type AuditEvent, type AuditOptions, hashText } from '../../src/index.ts';
import { IdealClient } from './ideal-client.ts';
import { IdealLog } from './ideal-log.ts';
import { NODES, type Stage } from './ideal-stage.ts';
import { seeded } from './seeded.ts';

export interface IdealOptions {
  seed: number;
  users: number;
  steps: number;
}

/** What every ideal run keeps to. */
export const BOUNDS: AuditOptions = {
  lag: { load: 500, heal: 500, calm: 500, fault: 2_000 },
  presence: { onlineMs: 1_000, offlineMs: 10_500, graceMs: 9_000, settleMs: 1_000 },
};

const PRESENCE_GRACE_MS = 10_000;

export function idealRun(options: IdealOptions): AuditEvent[] {
  return new IdealRun(options).run();
}

class IdealRun implements Stage {
  readonly events: AuditEvent[] = [];
  readonly random: () => number;
  readonly log: IdealLog;
  readonly #clients: IdealClient[] = [];
  readonly #options: IdealOptions;
  readonly #later: { at: number; run: () => void }[] = [];
  readonly #leftAt = new Map<string, number>();
  readonly #rooms: string[] = [];
  #ids = 0;
  now = 1_000;

  constructor(options: IdealOptions) {
    this.#options = options;
    this.random = seeded(options.seed);
    this.log = new IdealLog(this);
  }

  run(): AuditEvent[] {
    this.#begin();
    for (let step = 0; step < this.#options.steps; step += 1) {
      this.#pass(40 + Math.floor(this.random() * 200));
      this.#step();
    }
    this.#end();
    return this.events;
  }

  write(event: AuditEvent): void {
    this.events.push(event);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)]!;
  }

  nextId(): string {
    this.#ids += 1;
    return `00000000-0000-7000-8000-${String(this.#ids).padStart(12, '0')}`;
  }

  /** Everybody who is connected, and may see the conversation now. */
  connected(): IdealClient[] {
    return this.#clients.filter((client) => client.socket !== undefined);
  }

  users(): Set<string> {
    return new Set(this.#clients.map(({ user }) => user));
  }

  userCameOrWent(user: string): void {
    const tell = (): void => {
      for (const client of this.connected()) client.showPresence(user, this.isHere(user));
    };
    if (this.#isConnected(user)) tell();
    else {
      this.#leftAt.set(user, this.now);
      this.#later.push({ at: this.now + PRESENCE_GRACE_MS, run: tell });
    }
  }

  /** As everybody is to see it. */
  isHere(user: string): boolean {
    return this.#isConnected(user) || this.now - (this.#leftAt.get(user) ?? -Infinity) < PRESENCE_GRACE_MS;
  }

  #isConnected(user: string): boolean {
    return this.connected().some((client) => client.user === user);
  }

  #begin(): void {
    for (let at = 0; at < this.#options.users; at += 1) {
      const user = `u_${String(at).padStart(21, '0')}A`;
      const clients = at % 3 === 0 ? 2 : 1;
      for (let nth = 0; nth < clients; nth += 1) {
        this.#clients.push(
          new IdealClient(this, { log: this.log, user, name: `c${at}.${nth}`, watches: at % 2 === 0 }),
        );
      }
    }
    for (const client of this.#clients) client.connect();
    for (const visibility of ['public', 'private'] as const) {
      const room = `r_${visibility.padEnd(21, '0')}A`;
      this.#rooms.push(room);
      const creator = this.pick(this.#clients);
      creator.operate({ kind: 'createRoom', conversation: room, record: { kind: 'roomCreated', visibility } });
      creator.operate({ kind: 'replaceInvite', conversation: room, record: { kind: 'inviteReplaced', invite: 'key' } });
    }
    this.write({ type: 'phase', at: this.now, phase: 'load' });
  }

  #step(): void {
    const what = this.random();
    const client = this.pick(this.#clients);
    if (client.socket === undefined) {
      if (what < 0.08) client.connect();
      return;
    }
    if (what < 0.7) this.#send(client, what < 0.06);
    else if (what < 0.76) client.closeSocket(this.pick([1006, 1012, 1000]));
    else if (what < 0.86) this.#moveInOrOut(client);
    else if (what < 0.9) client.refused(this.pick(this.#rooms));
    else if (what < 0.92) this.#nemesis();
    else client.screens(false);
  }

  #send(client: IdealClient, isUnknownFirst: boolean): void {
    const own = this.log.conversationsOf(client.user).filter((id) => this.log.isMember(id, client.user));
    const peer = this.pick(this.#clients).user;
    const conversation =
      this.random() < 0.5 && own.length > 0 ? this.pick(own) : directConversationId(client.user, peer);
    const text = hashText(`text ${this.random()}`);
    client.operate({ conversation, record: { kind: 'message', text }, isUnknownFirst });
  }

  #moveInOrOut(client: IdealClient): void {
    const room = this.pick(this.#rooms);
    const wasIn = this.log.wasMember(room, client.user);
    if (this.log.isMember(room, client.user)) {
      if (this.random() < 0.7)
        client.operate({ kind: 'joinRoom', conversation: room, record: { kind: 'memberJoined', invite: 'key' } });
      else client.operate({ kind: 'leaveRoom', conversation: room, record: { kind: 'memberLeft' } });
      // Who comes back to a private room sees another part of it than before: nothing that a simple model should know.
    } else if (!wasIn || room.startsWith('r_public')) {
      client.operate({ kind: 'joinRoom', conversation: room, record: { kind: 'memberJoined', invite: 'key' } });
    }
  }

  #nemesis(): void {
    this.write({ type: 'nemesis', at: this.now, name: 'relay killed', state: 'start', detail: this.pick(NODES) });
    this.#pass(5);
    this.write({ type: 'nemesis', at: this.now, name: 'relay killed', state: 'stop' });
  }

  #end(): void {
    this.write({ type: 'phase', at: this.now, phase: 'heal' });
    for (const client of this.#clients) if (client.socket === undefined) client.connect();
    this.#pass(100);
    this.write({ type: 'phase', at: this.now, phase: 'calm' });
    this.#pass(PRESENCE_GRACE_MS);
    for (const client of this.#clients) client.fetchEverything();
    for (const client of this.#clients) client.screens(true);
    this.#pass(10);
    this.write({ type: 'phase', at: this.now, phase: 'end' });
    for (const client of this.#clients) client.leave();
    this.log.dump();
  }

  #pass(ms: number): void {
    const until = this.now + ms;
    for (let next = this.#nextDue(until); next !== undefined; next = this.#nextDue(until)) {
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
  }

  #nextDue(until: number): { at: number; run: () => void } | undefined {
    if ((this.#later[0]?.at ?? Infinity) > until) return undefined;
    return this.#later.shift();
  }
}
