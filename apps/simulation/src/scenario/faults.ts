/** What goes wrong. Each fault begins and answers with what ends it; some are over at once. */
import type { Cluster } from '../cluster/cluster.ts';
import { EDGE } from '../cluster/edge.ts';
import type { Path } from '../world/network.ts';
import type { SeededRandom } from '@parley/testing';
import type { World } from '../world/world.ts';
import type { Hidden } from './hiding.ts';
import type { People, Seat } from './people.ts';

export interface Stage {
  world: World;
  cluster: Cluster;
  people: People;
  random: SeededRandom;
}

interface Begun {
  /** A word for the trace. */
  what: string;
  end: () => void;
  /** Of whom the others may hear nothing. */
  hides?: Hidden;
}

/** Undefined where there is nothing to break. */
type Fault = (stage: Stage) => Begun | undefined;

const over = (what: string) => ({ what, end: (): void => {} });

function block(what: string, paths: readonly Path[]): Begun {
  for (const path of paths) path.block();
  return {
    what,
    end: () => {
      for (const path of paths) path.unblock();
    },
  };
}

/** Both ways, or one of them. */
function pathsBetween({ world, random }: Stage, one: string, others: readonly string[]): Path[] {
  const { network } = world;
  const roll = random.float();
  return others.flatMap((other) => [
    ...(roll < 0.75 ? [network.path(one, other)] : []),
    ...(roll < 0.5 || roll >= 0.75 ? [network.path(other, one)] : []),
  ]);
}

const brokersOf = ({ cluster }: Stage) => [...cluster.kafka.brokers.values()];
const upRelays = ({ cluster }: Stage) => cluster.relays.filter((relay) => relay.isUp);
const isRunning = ({ process }: { process: { isPaused: boolean } | undefined }) => process?.isPaused === false;

function someNames(stage: Stage, names: readonly string[]): string[] {
  return stage.random.chance(0.4) ? [...names] : [stage.random.pick(names)];
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  relayKilled(stage) {
    const relays = upRelays(stage);
    if (relays.length === 0) return undefined;
    const relay = stage.random.pick(relays);
    relay.kill();
    if (stage.random.chance(0.1)) relay.loseView();
    return over(relay.name);
  },

  /** Between two effects of one turn, not between two events. */
  relayKilledMidway(stage) {
    const relays = upRelays(stage).filter(isRunning);
    if (relays.length === 0) return undefined;
    const relay = stage.random.pick(relays);
    const { process } = relay;
    process?.beforeEffect(stage.random.whole(1, 40), () => relay.kill());
    return { what: relay.name, end: () => process?.spare() };
  },

  relayDown(stage) {
    const relays = upRelays(stage);
    if (relays.length === 0) return undefined;
    const relay = stage.random.pick(relays);
    stage.cluster.heldDown.add(relay);
    relay.kill();
    return {
      what: relay.name,
      hides: { what: 'relayDown', relay: relay.name },
      end: () => {
        stage.cluster.heldDown.delete(relay);
        relay.start();
      },
    };
  },

  allRelaysKilled(stage) {
    for (const relay of upRelays(stage)) relay.kill();
    return over('all');
  },

  relayPaused(stage) {
    const relays = upRelays(stage).filter(isRunning);
    if (relays.length === 0) return undefined;
    const relay = stage.random.pick(relays);
    const { process } = relay;
    process?.pause();
    return { what: relay.name, end: () => process?.resume(), hides: { what: 'relayPaused', relay: relay.name } };
  },

  relayDrained(stage) {
    const relays = upRelays(stage).filter(isRunning);
    if (relays.length === 0) return undefined;
    const relay = stage.random.pick(relays);
    void relay.drain();
    return over(relay.name);
  },

  brokerKilled(stage) {
    const brokers = brokersOf(stage).filter(({ process }) => process !== undefined);
    if (brokers.length === 0) return undefined;
    const broker = stage.random.pick(brokers);
    broker.kill();
    return { what: broker.name, end: () => broker.start() };
  },

  allBrokersKilled(stage) {
    for (const broker of brokersOf(stage)) broker.kill();
    return {
      what: 'all',
      end: () => {
        for (const broker of brokersOf(stage)) broker.start();
      },
    };
  },

  brokerPaused(stage) {
    const brokers = brokersOf(stage).filter(isRunning);
    if (brokers.length === 0) return undefined;
    const broker = stage.random.pick(brokers);
    const { process } = broker;
    process?.pause();
    return { what: broker.name, end: () => process?.resume() };
  },

  controllerPaused(stage) {
    const { process } = stage.cluster.kafka.controller;
    if (process.isPaused) return undefined;
    process.pause();
    return { what: 'controller', end: () => process.resume() };
  },

  relayCutFromBrokers(stage) {
    const relay = stage.random.pick(stage.cluster.relays);
    const names = someNames(
      stage,
      brokersOf(stage).map(({ name }) => name),
    );
    const begun = block(`${relay.name} from ${names.join(' ')}`, pathsBetween(stage, relay.name, names));
    return { ...begun, hides: { what: 'relayCut', relay: relay.name } };
  },

  brokersCut(stage) {
    const [one, ...others] = stage.random.shuffled(brokersOf(stage));
    if (one === undefined) return undefined;
    const names = someNames(
      stage,
      others.map(({ name }) => name),
    );
    return block(`${one.name} from ${names.join(' ')}`, pathsBetween(stage, one.name, names));
  },

  brokerCutFromController(stage) {
    const broker = stage.random.pick(brokersOf(stage));
    return block(broker.name, pathsBetween(stage, broker.name, [stage.cluster.kafka.controller.name]));
  },

  /** Connections end: what was asked may have been done, and the answer is lost. */
  kafkaConnectionsReset(stage) {
    const relay = stage.random.pick(stage.cluster.relays);
    for (const { name } of brokersOf(stage)) stage.cluster.kafka.calls.cut(relay.name, name);
    return over(relay.name);
  },

  slow(stage) {
    const { random, world } = stage;
    const paths = random.shuffled([...world.network.paths]).slice(0, random.whole(1, 12));
    const slowness = random.pick([10, 50, 200]);
    for (const path of paths) path.slowness *= slowness;
    return {
      what: `${slowness} times on ${paths.map(({ name }) => name).join(' ')}`,
      end: () => {
        for (const path of paths) path.slowness /= slowness;
      },
    };
  },

  reload(stage) {
    const seat = busySeat(stage);
    const tab = seat === undefined ? undefined : stage.random.pick(seat.tabs);
    if (seat === undefined || tab === undefined) return undefined;
    stage.people.closeTab(seat, tab);
    stage.people.openTab(seat);
    return over(tab.name);
  },

  tabClosed(stage) {
    const seat = busySeat(stage);
    const tab = seat === undefined ? undefined : stage.random.pick(seat.tabs);
    if (seat === undefined || tab === undefined) return undefined;
    stage.people.closeTab(seat, tab);
    return {
      what: tab.name,
      end: () => {
        if (seat.tabs.length < 3) stage.people.openTab(seat);
      },
    };
  },

  clientOffline(stage) {
    const seat = stage.random.pick(stage.people.seats);
    const { host } = seat;
    const clients = (): string[] => seat.tabs.map(({ name }) => name);
    return { ...block(host, pathsBetween(stage, host, [EDGE])), hides: { what: 'clients', host, clients } };
  },

  clientPaused(stage) {
    const tabs = stage.people.tabs.filter(isRunning);
    if (tabs.length === 0) return undefined;
    const { process } = stage.random.pick(tabs);
    const { name } = process;
    process.pause();
    return { what: name, end: () => process.resume(), hides: { what: 'clients', host: name, clients: () => [name] } };
  },

  clientsReset(stage) {
    const some = stage.people.tabs.filter(() => stage.random.chance(0.5));
    for (const tab of some) tab.cutSockets();
    return over(some.map(({ name }) => name).join(' '));
  },

  storageBroken(stage) {
    const { device, host } = stage.random.pick(stage.people.seats);
    device.isBroken = true;
    return {
      what: host,
      end: () => {
        device.isBroken = false;
      },
    };
  },

  clockStepped(stage) {
    const relays = upRelays(stage);
    const processes = [
      ...relays.flatMap(({ process }) => process ?? []),
      ...stage.people.tabs.map(({ process }) => process),
    ];
    if (processes.length === 0) return undefined;
    const process = stage.random.pick(processes);
    process.wallOffsetMs += stage.random.pick([-3_600_000, -60_000, 60_000, 3_600_000]);
    return over(process.name);
  },
};

function busySeat({ people, random }: Stage): Seat | undefined {
  const seats = people.seats.filter(({ tabs }) => tabs.length > 0);
  return seats.length === 0 ? undefined : random.pick(seats);
}
