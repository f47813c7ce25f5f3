/** What stands before the relays: hands each new socket to a node that takes it, as Nginx with `least_conn` and `proxy_next_upstream` does. */
import type { SocketEvents, SocketLike } from '@parley/client';
import type { Identity } from '@parley/relay/session';
import { connect, type End } from '../world/connection.ts';
import type { SimProcess } from '../world/process.ts';
import { ClientSocket, type Wire } from '../world/websocket.ts';
import type { World } from '../world/world.ts';
import type { Relay } from './relay.ts';

export const EDGE = 'edge';
/** What a client is told of an upgrade that failed. */
const CLOSE_ABNORMAL = 1006;

export interface Caller {
  process: SimProcess;
  host: string;
  identity: Identity;
  /** The relay has no session there any more, whatever the client knows. */
  onRelayGone: () => void;
}

export class Edge {
  readonly #world: World;
  readonly #relays: readonly Relay[];

  constructor(world: World, relays: readonly Relay[]) {
    this.#world = world;
    this.#relays = relays;
  }

  /** A client's `new WebSocket`: its events come later, never within the call. */
  open(client: Caller, events: SocketEvents): Opening {
    const { network } = this.#world;
    const { process, host, identity, onRelayGone } = client;
    const opening = new Opening(events);
    network.path(host, EDGE).carry(`${process.name} opens a socket`, () => {
      // A client that gave up meanwhile has closed its connection.
      if (opening.isGivenUp || !process.isAlive) return;
      this.#offer(this.#choose(), (relay) => {
        const back = network.path(EDGE, host);
        if (relay?.process === undefined) {
          back.carry(`${process.name} is refused`, () => process.deliver('refused', () => opening.refuse()));
          return;
        }
        const [near, far] = connect<Wire>(network, { owner: process, host }, { owner: relay.process, host: EDGE });
        far.onGone = onRelayGone;
        // The answer to the upgrade goes before everything that the node says.
        far.send({ type: 'upgraded' }, 100, `${process.name} is let in by ${relay.name}`);
        if (!relay.open(identity, far)) {
          far.vanish();
          back.carry(`${process.name} is refused`, () => process.deliver('refused', () => opening.refuse()));
          return;
        }
        opening.connected(new ClientSocket(near, events), near);
      });
    });
    return opening;
  }

  /** The fewest sockets first; those that the probe found dead are not there. */
  #choose(): Relay[] {
    const { random } = this.#world.network;
    return random
      .shuffled(this.#relays)
      .toSorted((one, other) => (one.node?.sessions.size ?? 0) - (other.node?.sessions.size ?? 0));
  }

  #offer(relays: readonly Relay[], done: (relay: Relay | undefined) => void): void {
    const [first, ...others] = relays;
    if (first === undefined) {
      done(undefined);
      return;
    }
    const { process } = first;
    if (process === undefined || first.node?.unreadyReason() !== undefined) {
      this.#offer(others, done);
      return;
    }
    // One that stands still accepts the connection and answers when it wakes.
    process.deliver(`${process.name} is asked for a socket`, () => {
      if (first.process === process && first.node?.unreadyReason() === undefined) done(first);
      else this.#offer(others, done);
    });
  }
}

/** A socket from the client's call on. */
export class Opening implements SocketLike {
  readonly #events: SocketEvents;
  #socket: ClientSocket | undefined;
  #end: End<Wire> | undefined;
  isGivenUp = false;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  connected(socket: ClientSocket, end: End<Wire>): void {
    this.#socket = socket;
    this.#end = end;
  }

  /** Something in between ends it. */
  cut(): void {
    this.#end?.cut();
  }

  send(text: string): void {
    this.#socket?.send(text);
  }

  close(code: number): void {
    this.isGivenUp = true;
    this.#socket?.close(code);
  }

  refuse(): void {
    if (!this.isGivenUp) this.#events.onClose(CLOSE_ABNORMAL);
  }
}
