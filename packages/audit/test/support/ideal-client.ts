/** A client of an ideal run: sends, gets, shows and writes it all down. */
import type { IdealLog } from './ideal-log.ts';
import { type Draft, EPOCH, type IdealEntry, NODES, type Stage } from './ideal-stage.ts';

/** A replay longer than this begins with a hole. */
const REPLAY_MAX = 5;

export interface Asked {
  kind?: string;
  conversation: string;
  record: Draft;
  /** The first answer gets lost: the client asks again. */
  isUnknownFirst?: boolean;
}

export class IdealClient {
  readonly user: string;
  readonly #name: string;
  readonly #run: Stage;
  readonly #log: IdealLog;
  readonly #watches: boolean;
  readonly #held = new Map<string, Map<number, string>>();
  readonly #shown = new Map<string, boolean>();
  #sockets = 0;
  #hasWatched = false;
  socket: number | undefined;

  constructor(run: Stage, options: { log: IdealLog; user: string; name: string; watches: boolean }) {
    this.#run = run;
    this.#log = options.log;
    this.user = options.user;
    this.#name = options.name;
    this.#watches = options.watches;
    const device = `v_${options.name}`;
    run.write({ type: 'client', ...this.#common, user: this.user, device, process: 'p1' });
  }

  connect(): void {
    const { now } = this.#run;
    const socket = (this.#sockets += 1);
    const write = this.#run.write.bind(this.#run);
    const common = { at: now, client: this.#name, socket };
    write({ type: 'opened', ...common });
    const heads = [...this.#held].map(([id, held]): [string, number] => [id, Math.max(...held.keys())]);
    write({ type: 'hello', ...common, ...(heads.length > 0 && { epoch: EPOCH }), heads });
    write({ type: 'welcome', ...common, node: this.#run.pick(NODES), epoch: EPOCH });
    this.socket = socket;
    for (const conversation of this.#log.conversationsOf(this.user)) this.describe(conversation);
    for (const [conversation, held] of heads) this.#replay(conversation, held);
    write({ type: 'caughtUp', ...common });
    if (this.#watches && !this.#hasWatched)
      write({ type: 'watch', at: now, client: this.#name, lobby: true, users: [] });
    this.#hasWatched = true;
    this.#run.userCameOrWent(this.user);
    for (const [user, wasHere] of this.#shown)
      if (wasHere !== this.#run.isHere(user)) this.showPresence(user, !wasHere);
    for (const user of this.#run.users()) this.showPresence(user, this.#run.isHere(user));
  }

  closeSocket(code: number): void {
    if (this.socket === undefined) return;
    this.#run.write({ type: 'closed', ...this.#common, socket: this.socket, code });
    this.socket = undefined;
    this.#run.userCameOrWent(this.user);
  }

  leave(): void {
    this.closeSocket(1000);
    this.#run.write({ type: 'gone', ...this.#common });
  }

  operate({ kind, conversation, record, isUnknownFirst = false }: Asked): void {
    const id = this.#run.nextId();
    const text = record.text === undefined ? {} : { text: record.text };
    this.#run.write({
      type: 'invoke',
      ...this.#common,
      id,
      conversation,
      ...(kind !== undefined && { kind }),
      ...text,
    });
    const { entry, isNew } = this.#log.append(conversation, this.user, { ...record, id });
    this.#run.now += 3;
    if (isUnknownFirst) {
      this.#run.write({ type: 'info', ...this.#common, id });
      this.#run.write({ type: 'fail', ...this.#common, id, code: 'log_unavailable', retryable: true });
      this.#log.append(conversation, this.user, { ...record, id });
      this.#run.now += 2;
    }
    this.#run.write({ type: 'ok', ...this.#common, id, conversation, seq: entry.seq, epoch: EPOCH, by: 'ack' });
    this.#run.now += 2;
    if (!isNew) return;
    if (record.kind === 'roomCreated' || record.kind === 'memberJoined') {
      for (const client of this.#run.connected()) if (client.user === this.user) client.describe(conversation);
    }
    for (const client of this.#run.connected()) client.push(conversation, entry);
  }

  /** Writes where it is no member. */
  refused(conversation: string): void {
    if (this.#log.isMember(conversation, this.user)) return;
    const id = this.#run.nextId();
    this.#run.write({ type: 'invoke', ...this.#common, id, conversation, text: '1.x' });
    this.#log.appendRefused(conversation, this.user, { kind: 'message', id, text: '1.x' });
    this.#run.write({ type: 'fail', ...this.#common, id, code: 'not_a_member', retryable: false });
  }

  describe(conversation: string): void {
    const { head, hiddenUpTo } = this.#log.visible(conversation, this.user);
    const what = { conversation, head, hiddenUpTo };
    this.#run.write({ type: 'claimed', ...this.#common, socket: this.socket!, ...what });
  }

  push(conversation: string, entry: IdealEntry): void {
    if (!this.#log.isMember(conversation, this.user) && !(entry.kind === 'memberLeft' && entry.author === this.user))
      return;
    this.#take(conversation, entry, 'live');
  }

  showPresence(user: string, isHere: boolean): void {
    if (!this.#watches || (this.#shown.get(user) ?? false) === isHere) return;
    this.#shown.set(user, isHere);
    this.#run.write({ type: 'presence', ...this.#common, user, state: isHere ? 'online' : 'offline' });
  }

  fetchEverything(): void {
    for (const conversation of this.#log.conversationsOf(this.user)) {
      for (const entry of this.#log.visible(conversation, this.user).entries) {
        if (this.#held.get(conversation)?.has(entry.seq) !== true) this.#take(conversation, entry, 'fetch');
      }
    }
  }

  screens(final: boolean): void {
    for (const [conversation, held] of this.#held) {
      const rows = [...held].toSorted(([one], [other]) => one - other);
      const { head, entries } = this.#log.visible(conversation, this.user);
      const earlier = !final && rows[0]?.[0] !== entries[0]?.seq;
      const screen = { rows, holes: [], pending: [], head, earlier, final };
      this.#run.write({ type: 'screen', ...this.#common, conversation, ...screen });
    }
  }

  #replay(conversation: string, held: number): void {
    const missed = this.#log.visible(conversation, this.user).entries.filter(({ seq }) => seq > held);
    const left = missed.slice(0, -REPLAY_MAX);
    const [first, last] = [left[0]?.seq, left.at(-1)?.seq];
    if (first !== undefined && last !== undefined) {
      this.#run.write({ type: 'hole', ...this.#common, socket: this.socket!, conversation, from: first, to: last });
    }
    for (const entry of missed.slice(-REPLAY_MAX)) this.#take(conversation, entry, 'replay');
  }

  #take(conversation: string, entry: IdealEntry, via: 'live' | 'replay' | 'fetch'): void {
    const { seq, id, author, kind, text } = entry;
    let held = this.#held.get(conversation);
    if (held === undefined) this.#held.set(conversation, (held = new Map()));
    const again = held.has(seq) ? { again: true as const } : {};
    held.set(seq, id);
    const what = { conversation, seq, id, author, kind, ...(text !== undefined && { text }), via, ...again };
    this.#run.write({ type: 'received', ...this.#common, socket: this.socket ?? this.#sockets, ...what });
  }

  get #common(): { at: number; client: string } {
    return { at: this.#run.now, client: this.#name };
  }
}
