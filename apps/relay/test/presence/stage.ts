/** One real node with its broadcast, and screens that hold what the frames told them. */
import { decodeRelayFrame, type Presence, type RelayFrameOf, type User, type UserId } from '@parley/protocol';
import { createPresenceBroadcast, type PresenceBroadcast } from '../../src/presence/presence-broadcast.ts';
import { createPresence, type NodePresence } from '../../src/presence/presence.ts';
import type { OutgoingFrame } from '../../src/session/outgoing-frame.ts';
import { NodeClock, seededRandom, VirtualTime } from './virtual-time.ts';

type PresenceFrame = RelayFrameOf<'presence'>;

/** A session and the screen behind it, which holds what the frames say. */
export class Screen {
  readonly frames: { at: number; frame: PresenceFrame; outgoing: OutgoingFrame }[] = [];
  readonly states = new Map<UserId, Presence>();
  readonly names = new Map<UserId, string>();
  onlineCount = 0;
  stale = false;
  /** While true, what may be dropped is dropped. */
  isSlow = false;
  readonly #time: VirtualTime;
  readonly #broadcast: PresenceBroadcast<Screen>;

  constructor(time: VirtualTime, broadcast: PresenceBroadcast<Screen>) {
    this.#time = time;
    this.#broadcast = broadcast;
  }

  push(outgoing: OutgoingFrame): void {
    if (this.isSlow && outgoing.class === 'ephemeral') {
      this.#broadcast.resnapshot(this);
      return;
    }
    const frame = read(outgoing);
    for (const user of frame.users) this.names.set(user.id, user.name);
    if (frame.type === 'users') return;
    this.frames.push({ at: this.#time.now, frame, outgoing });
    if (frame.snapshot) this.states.clear();
    for (const presence of frame.presences) this.states.set(presence.user, presence);
    this.onlineCount = frame.onlineCount;
    this.stale = frame.stale;
  }

  get here(): UserId[] {
    return [...this.states.values()].filter(({ state }) => state !== 'offline').map(({ user }) => user);
  }
}

export interface Stage {
  time: VirtualTime;
  presence: NodePresence;
  broadcast: PresenceBroadcast<Screen>;
  screen: () => Screen;
  /** A new screen that watches. */
  watching: (what: { lobby: boolean; users: readonly UserId[] }) => Screen;
}

export function stage(userOf: (user: UserId) => User | undefined = (id) => ({ id, name: `name of ${id}` })): Stage {
  const time = new VirtualTime();
  const clock = new NodeClock(time, 5_000);
  const presence: NodePresence = createPresence({
    node: 'a',
    incarnation: 1,
    clock,
    random: seededRandom(1),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    publish: (signal) => time.at(time.now + 1, () => presence.handleSignal(signal)),
    onChanges: (changes) => broadcast.handleChanges(changes),
    onStale: () => broadcast.handleStale(),
    onFenced: () => {},
  });
  const broadcast = createPresenceBroadcast<Screen>({ presence, userOf, clock });
  presence.start();
  // Until it has listened for others it is stale.
  time.pass(1_600);
  const screen = (): Screen => new Screen(time, broadcast);
  return {
    time,
    presence,
    broadcast,
    screen,
    watching(what) {
      const one = screen();
      broadcast.watch(one, what);
      return one;
    },
  };
}

function read(outgoing: OutgoingFrame): PresenceFrame | RelayFrameOf<'users'> {
  const { bytes } = outgoing;
  const header = (bytes[1]! & 0x7f) < 126 ? 2 : 4;
  const decoded = decodeRelayFrame(bytes.subarray(header).toString());
  if (!decoded.ok) throw new Error(decoded.detail);
  if (decoded.frame.type !== 'presence' && decoded.frame.type !== 'users') throw new Error(decoded.frame.type);
  return decoded.frame;
}
