/** One life of one client: the product's own, in a process of the world. */
import { type AuditEvent, ClientRecorder } from '@parley/audit';
import { type ChatClient, createChatClient, type PendingMessage } from '@parley/client';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import type { Edge, Opening } from '../cluster/edge.ts';
import type { Device } from './device.ts';

const YEAR_MS = 365 * 24 * 3_600_000;

export interface TabOptions {
  world: World;
  edge: Edge;
  host: string;
  user: { id: string; name: string };
  device: Device;
  write: (event: AuditEvent) => void;
  onBug(what: string): void;
}

export class Tab {
  readonly name: string;
  readonly host: string;
  readonly user: { id: string; name: string };
  readonly process: SimProcess;
  readonly chat: ChatClient;
  readonly recorder: ClientRecorder;
  /** The newest two: a client that moves has both for a moment. */
  #openings: Opening[] = [];
  readonly #write: (event: AuditEvent) => void;

  constructor(options: TabOptions) {
    const { world, edge, host, user, device, write } = options;
    this.host = host;
    this.user = user;
    this.process = world.process(host);
    this.name = this.process.name;
    this.#write = write;
    const { process } = this;
    const recorder = new ClientRecorder({
      client: this.name,
      process: this.name,
      user: user.id,
      device: host.split('.')[0] ?? host,
      now: () => world.time.now,
      write: (event) => {
        if (process.isAlive) this.#write(event);
      },
    });
    this.recorder = recorder;
    const identity = { user: user.id, name: user.name, expiresAtMs: process.clock.wallMs() + YEAR_MS };
    this.chat = createChatClient({
      url: 'https://parley.example',
      token: user.id,
      storage: device.storage(process),
      lock: device.lock(process),
      tabs: device.tabs(process),
      clock: process.clock,
      random: process.random,
      openSocket: recorder.wrap((_, events) => {
        const socket = recorder.newestSocket;
        const onRelayGone = (): void => recorder.ended(socket);
        const opening = edge.open({ process, host, identity, onRelayGone }, events);
        this.#openings = [...this.#openings.slice(-1), opening];
        return opening;
      }),
      // Nobody's sign-in ends here, so whatever the relay would say is not "signed out".
      fetch: () =>
        new Promise((resolve) =>
          process.after(50, `${process.name} asks for its sign-in`, () =>
            resolve({ status: 426, json: () => Promise.resolve({}) }),
          ),
        ),
    });
    recorder.listen(this.chat);
    this.chat.onEvent((event) => {
      if (event.type === 'undecodable') options.onBug(`${this.name} cannot read a frame: ${event.detail}`);
    });
    this.chat.start();
  }

  get isAlive(): boolean {
    return this.process.isAlive;
  }

  send(conversation: string, text: string): void {
    try {
      this.recorder.invoked(this.chat.send(conversation, text), conversation, text);
    } catch (error) {
      // Refused by the client itself: the outbox is full.
      if (!(error instanceof RangeError)) throw error;
    }
  }

  retry(conversation: string, { id, text }: PendingMessage): void {
    try {
      const again = this.chat.retry(id);
      if (again !== undefined && again !== id) this.recorder.invoked(again, conversation, text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
  }

  watch(lobby: boolean, users: readonly string[]): void {
    this.recorder.watched(lobby, users);
    this.chat.watch({ lobby, users });
  }

  /** Its connections end. */
  cutSockets(): void {
    for (const opening of this.#openings) opening.cut();
  }

  /** Loads everything there is. */
  async loadAll(): Promise<void> {
    for (const id of this.chat.getSnapshot().order) {
      for (let left = 200; left > 0 && this.chat.getSnapshot().conversations.get(id)?.hasEarlier === true; left -= 1)
        await this.chat.loadEarlier(id);
      for (let left = 200; left > 0; left -= 1) {
        const hole = this.chat
          .getSnapshot()
          .conversations.get(id)
          ?.timeline.find((item) => item.type === 'hole');
        if (hole?.type !== 'hole') break;
        await this.chat.loadHole(id, hole.hole);
      }
    }
  }

  /** The page is closed or its process killed: nothing is said, the system ends the socket. */
  kill(): void {
    if (!this.process.isAlive) return;
    this.recorder.gone();
    this.process.kill();
  }
}
