/** A cluster of real NodePresences in one virtual time, with a network that delays, loses, doubles and reorders. */
import type { PresenceState as State, UserId } from '@parley/protocol';
import type { Random } from '@parley/protocol/environment';
import type { Signal } from '../../src/log/log.ts';
import { createPresence, type NodePresence, type PresenceChange } from '../../src/presence/presence.ts';
import type { FenceReason } from '../../src/presence/presence-state.ts';
import { NodeClock, seededRandom, VirtualTime } from './virtual-time.ts';

export interface Network {
  minMs: number;
  maxMs: number;
  /** Chances from 0 to 1, for each message and receiver. */
  lose: number;
  double: number;
  /** Messages of one node may overtake each other; Kafka keeps them in order. */
  reorder: boolean;
}

export const CALM: Network = { minMs: 1, maxMs: 20, lose: 0, double: 0, reorder: false };

export interface Change extends PresenceChange {
  at: number;
  by: string;
}

export interface Node {
  readonly name: string;
  readonly clock: NodeClock;
  presence: NodePresence;
  alive: boolean;
  cut: boolean;
  /** What it says is lost. */
  mute: boolean;
  readonly bootedAt: number;
  readonly sessions: Map<string, { user: UserId; idle: boolean }>;
  readonly fences: FenceReason[];
  readonly sent: Signal[];
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

export class Cluster {
  readonly time = new VirtualTime();
  readonly nodes = new Map<string, Node>();
  readonly changes: Change[] = [];
  readonly random: Random;
  network: Network;
  /** Called with each change right after it happened. */
  onChange: (change: Change, node: Node) => void = () => {};
  #incarnation = 0;
  #boots = 0;
  /** By sender and receiver: when the newest message arrives. */
  readonly #arrival = new Map<string, number>();

  constructor(options: { seed?: number; network?: Network } = {}) {
    this.random = seededRandom(options.seed ?? 1);
    this.network = options.network ?? CALM;
  }

  /** Starts a node; one of that name that still runs is killed first. */
  start(name: string): Node {
    const before = this.nodes.get(name);
    if (before !== undefined) this.kill(name);
    this.#boots += 1;
    const clock = new NodeClock(this.time, 10_000 * this.#boots);
    const node: Node = {
      name,
      clock,
      presence: undefined as unknown as NodePresence,
      bootedAt: this.now,
      alive: true,
      cut: false,
      mute: false,
      sessions: new Map(),
      fences: [],
      sent: [],
    };
    node.presence = createPresence({
      node: name,
      incarnation: this.#nextIncarnation(),
      clock,
      random: this.random,
      logger: SILENT,
      publish: (signal) => this.#publish(node, signal),
      onChanges: (changes) => this.#note(node, changes),
      onFenced: (reason) => {
        node.fences.push(reason);
        if (reason !== 'replaced') node.presence.renew(this.#nextIncarnation());
      },
    });
    this.nodes.set(name, node);
    node.presence.start();
    return node;
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node ${name}`);
    return node;
  }

  kill(name: string): void {
    const node = this.node(name);
    node.alive = false;
    node.sessions.clear();
    node.presence.stop();
  }

  /** Closes what is open and leaves with a bye. */
  drain(name: string): void {
    const node = this.node(name);
    for (const session of node.sessions.keys()) this.close(name, session);
    node.presence.drain();
    node.presence.stop();
    node.alive = false;
  }

  open(name: string, session: string, options: { user: UserId; idle?: boolean }): void {
    const node = this.node(name);
    const idle = options.idle ?? false;
    node.sessions.set(session, { user: options.user, idle });
    node.presence.openSession(options.user, session, idle);
  }

  close(name: string, session: string): void {
    const node = this.node(name);
    const open = node.sessions.get(session);
    if (open === undefined) return;
    node.sessions.delete(session);
    node.clock.run(() => node.presence.closeSession(open.user, session));
  }

  setIdle(name: string, session: string, idle: boolean): void {
    const node = this.node(name);
    const open = node.sessions.get(session);
    if (open === undefined) return;
    open.idle = idle;
    node.presence.setIdle(open.user, session, idle);
  }

  pass(durationMs: number): void {
    this.time.pass(durationMs);
  }

  get now(): number {
    return this.time.now;
  }

  /** What the open sessions of all living nodes make of a user. */
  truth(user: UserId): State {
    let state: State = 'offline';
    for (const node of this.nodes.values()) {
      for (const session of node.sessions.values()) {
        if (session.user !== user) continue;
        if (!session.idle) return 'online';
        state = 'away';
      }
    }
    return state;
  }

  stateAt(name: string, user: UserId): State {
    return this.node(name).presence.presenceOf(user).state;
  }

  changesOf(by: string, user: UserId): { at: number; state: State }[] {
    return this.changes
      .filter((change) => change.by === by && change.presence.user === user)
      .map(({ at, presence }) => ({ at, state: presence.state }));
  }

  #nextIncarnation(): number {
    this.#incarnation += 1;
    return this.#incarnation;
  }

  #note(node: Node, changes: PresenceChange[]): void {
    for (const one of changes) {
      const change = { ...one, at: this.now, by: node.name };
      this.changes.push(change);
      this.onChange(change, node);
    }
  }

  #publish(from: Node, signal: Signal): void {
    from.sent.push(signal);
    if (from.cut || from.mute) return;
    for (const node of this.nodes.values()) {
      const copies =
        Number(this.random.float() >= this.network.lose) + Number(this.random.float() < this.network.double);
      for (let copy = 0; copy < copies; copy += 1) this.#deliver(node, signal);
    }
  }

  #deliver(to: Node, signal: Signal): void {
    const { minMs, maxMs, reorder } = this.network;
    const pair = `${signal.key} ${to.name}`;
    let at = this.now + minMs + this.random.float() * (maxMs - minMs);
    if (!reorder) at = Math.max(at, this.#arrival.get(pair) ?? 0);
    this.#arrival.set(pair, at);
    this.time.at(at, () => {
      if (to.cut) return;
      to.clock.run(() => {
        if (to.alive) to.presence.handleSignal(signal);
      });
    });
  }
}

export function makeUser(number: number): UserId {
  return `u_${String(number).padStart(21, '0')}A`;
}

/** Nodes a, b and c, which know each other. */
export function threeNodes(seed = 1): Cluster {
  const cluster = new Cluster({ seed });
  for (const name of ['a', 'b', 'c']) cluster.start(name);
  cluster.pass(3_000);
  return cluster;
}
