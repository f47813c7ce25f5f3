/** The people of a run: users with devices and tabs, and what they do by chance. */
import type { AuditEvent } from '@parley/audit';
import { directConversationId, makeUserId } from '@parley/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { Device } from '../clients/device.ts';
import { Tab } from '../clients/tab.ts';
import type { SeededRandom } from '@parley/testing';
import type { World } from '../world/world.ts';
import type { Plan } from './plan.ts';

/** A person at one device; the host is the device's place in the network. */
export interface Seat {
  readonly user: { id: string; name: string };
  readonly host: string;
  readonly device: Device;
  tabs: Tab[];
}

interface KnownRoom {
  id: string;
  isPrivate: boolean;
  invite: string | undefined;
}

export class People {
  readonly seats: Seat[] = [];
  readonly #world: World;
  readonly #cluster: Cluster;
  readonly #plan: Plan;
  readonly #random: SeededRandom;
  readonly #write: (event: AuditEvent) => void;
  readonly #onBug: (what: string) => void;
  readonly #rooms: KnownRoom[] = [];
  #count = 0;

  constructor(options: {
    world: World;
    cluster: Cluster;
    plan: Plan;
    write: (event: AuditEvent) => void;
    onBug: (what: string) => void;
  }) {
    const { world, cluster, plan } = options;
    this.#world = world;
    this.#cluster = cluster;
    this.#plan = plan;
    this.#write = options.write;
    this.#onBug = options.onBug;
    this.#random = world.random.fork('people');
    for (let number = 1; number <= plan.users; number += 1) {
      const user = { id: makeUserId(this.#random), name: `User ${number}` };
      const devices = this.#random.whole(1, plan.devicesMost);
      for (let device = 1; device <= devices; device += 1)
        this.seats.push({ user, host: `u${number}d${device}`, device: new Device(), tabs: [] });
    }
  }

  get tabs(): Tab[] {
    return this.seats.flatMap(({ tabs }) => tabs);
  }

  start(): void {
    for (const seat of this.seats)
      for (let tabs = this.#random.whole(1, this.#plan.tabsMost); tabs > 0; tabs -= 1) this.openTab(seat);
  }

  openTab(seat: Seat): Tab {
    const tab = new Tab({
      world: this.#world,
      edge: this.#cluster.edge,
      host: seat.host,
      user: seat.user,
      device: seat.device,
      write: this.#write,
      onBug: this.#onBug,
    });
    seat.tabs.push(tab);
    tab.watch(true, []);
    return tab;
  }

  closeTab(seat: Seat, tab: Tab): void {
    tab.kill();
    seat.tabs = seat.tabs.filter((other) => other !== tab);
  }

  /** Goes on by itself until `isOver`. */
  keepActing(everyMs: number, isOver: () => boolean): void {
    this.#world.time.after(this.#random.waiting(everyMs), 'somebody acts', () => {
      if (isOver()) return;
      this.#act();
      this.keepActing(everyMs, isOver);
    });
  }

  #act(): void {
    const able = this.tabs.filter(({ process }) => process.isAlive && !process.isPaused);
    if (able.length === 0) return;
    const tab = this.#random.pick(able);
    const roll = this.#random.float();
    if (roll < 0.62) this.#say(tab);
    else if (roll < 0.68) this.#burst(tab);
    else if (roll < 0.78) this.#read(tab);
    else if (roll < 0.84) tab.chat.typing(this.#conversationFor(tab));
    else if (roll < 0.95) this.#command(tab);
    else if (roll < 0.97) this.#look(tab);
    else if (roll < 0.985) this.#tryAgain(tab);
    else tab.chat.setIdle(this.#random.chance(0.5));
  }

  #say(tab: Tab): void {
    tab.send(this.#conversationFor(tab), this.#text(tab));
  }

  #burst(tab: Tab): void {
    const conversation = this.#conversationFor(tab);
    for (let left = this.#random.whole(2, 30); left > 0; left -= 1) tab.send(conversation, this.#text(tab));
  }

  /** What was refused for good is said once more, perhaps as a member by now. */
  #tryAgain(tab: Tab): void {
    const { conversations } = tab.chat.getSnapshot();
    const failed = [...conversations].flatMap(([conversation, { pending }]) =>
      pending.filter(({ status }) => status === 'failed').map((message) => ({ conversation, message })),
    );
    if (failed.length === 0) return;
    const { conversation, message } = this.#random.pick(failed);
    tab.retry(conversation, message);
  }

  #text(tab: Tab): string {
    this.#count += 1;
    return `${tab.name} ${this.#count}${this.#random.chance(0.01) ? ' and so on'.repeat(300) : ''}`;
  }

  #read(tab: Tab): void {
    const { conversations, order } = tab.chat.getSnapshot();
    if (order.length === 0) return;
    const id = this.#random.pick(order);
    const head = conversations.get(id)?.head ?? 0;
    tab.chat.markRead(id, this.#random.whole(0, head));
  }

  #look(tab: Tab): void {
    const { order } = tab.chat.getSnapshot();
    const asked: Promise<unknown>[] = [tab.chat.listRooms(), tab.chat.listPeople()];
    if (order.length > 0) asked.push(tab.chat.loadEarlier(this.#random.pick(order)));
    for (const each of asked) letBe(each);
  }

  #command(tab: Tab): void {
    const roll = this.#random.float();
    const { chat } = tab;
    if (this.#rooms.length === 0 || roll < 0.12) {
      const isPrivate = this.#random.chance(0.4);
      letBe(
        chat
          .createRoom(`Room ${this.#count}`, isPrivate ? 'private' : 'public')
          .then((id) => this.#rooms.push({ id, isPrivate, invite: undefined })),
      );
      return;
    }
    const room = this.#random.pick(this.#rooms);
    if (roll < 0.62) letBe(chat.joinRoom(room.id, room.isPrivate ? room.invite : undefined));
    else if (roll < 0.8) letBe(chat.leaveRoom(room.id));
    else if (roll < 0.88) letBe(chat.renameRoom(room.id, `Room ${this.#count} anew`));
    else letBe(chat.replaceInvite(room.id).then((invite) => (room.invite = invite)));
  }

  /** Mostly where the user is at home, sometimes where nobody let them in. */
  #conversationFor(tab: Tab): string {
    const roll = this.#random.float();
    const { order, conversations } = tab.chat.getSnapshot();
    const joined = order.filter((id) => conversations.get(id)?.details?.kind === 'room');
    if (joined.length > 0 && roll < 0.5) return this.#random.pick(joined);
    if (this.#rooms.length > 0 && roll < 0.55) return this.#random.pick(this.#rooms).id;
    return directConversationId(tab.user.id, this.#random.pick(this.seats).user.id);
  }
}

/** What comes of it is seen in what the client shows and sends. */
function letBe(work: Promise<unknown>): void {
  work.catch(() => undefined);
}
