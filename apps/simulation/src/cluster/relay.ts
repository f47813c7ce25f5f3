/** One relay: the product's own node and sessions, in a process of the world that can be killed between any two of its effects. */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig } from '@parley/relay/config';
import { nextIncarnation } from '@parley/relay/data-dir';
import type { Log } from '@parley/relay/log';
import { RelayNode } from '@parley/relay/node';
import type { FrameSocket } from '@parley/relay/outbound';
import type { Services } from '@parley/relay/services';
import { type Identity, Session } from '@parley/relay/session';
import type { End } from '../world/connection.ts';
import type { SimProcess } from '../world/process.ts';
import { RelaySocket, type Wire } from '../world/websocket.ts';
import type { World } from '../world/world.ts';
import { logger } from './logger.ts';

/** Where a mutant of the product puts its hand in. All are the identity in the product itself. */
export interface RelayDoors {
  log(log: Log, process: SimProcess): Log;
  socket(socket: FrameSocket, process: SimProcess): FrameSocket;
  services(services: Services, process: SimProcess): Services;
  process(process: SimProcess): SimProcess;
  node(node: RelayNode): void;
  /** Called with the folder of the view before a node starts on it. */
  beforeStart(folder: string): void;
}

export interface RelayOptions {
  world: World;
  name: string;
  /** The log of one life of the node. */
  openLog: (process: SimProcess) => Log;
  doors: RelayDoors;
  drainMs: number;
  onDown: (relay: Relay) => void;
}

export class Relay {
  readonly name: string;
  readonly #options: RelayOptions;
  #process: SimProcess | undefined;
  #node: RelayNode | undefined;
  #folder: string;
  #lives = 0;

  constructor(options: RelayOptions) {
    this.name = options.name;
    this.#options = options;
    this.#folder = this.#newFolder();
  }

  get process(): SimProcess | undefined {
    return this.#process;
  }

  get node(): RelayNode | undefined {
    return this.#node;
  }

  /** Of the last life; while nobody has it open it may be read. */
  get viewFile(): string {
    return join(this.#folder, 'view.sqlite');
  }

  /** Where the view stands in each partition of the log. */
  progress(): { partition: number; next: number; hash: string }[] {
    return this.#node?.services?.applier.progress ?? [];
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  start(): void {
    if (this.#process !== undefined) return;
    const { world, openLog, doors, drainMs, name } = this.#options;
    const process = doors.process(world.process(name));
    this.#process = process;
    doors.beforeStart(this.#folder);
    const incarnation = nextIncarnation(this.#folder, process.clock);
    const log = doors.log(openLog(process), process);
    const node = new RelayNode({
      config: readConfig({ NODE_ID: name, DRAIN_MS: String(drainMs), LOG: 'embedded' }),
      environment: {
        clock: process.clock,
        random: process.random,
        logger: logger(world, process),
        soon: (callback) => process.soon(callback),
      },
      log,
      viewFile: this.viewFile,
      incarnation,
      onFatal: (reason) => {
        world.note(`${process.name} leaves: ${reason}`);
        void this.#leave(process, node);
      },
    });
    doors.node(node);
    this.#node = node;
    node.start().catch((error: unknown) => {
      if (!process.isAlive) return;
      world.note(`${process.name} did not start: ${String(error)}`);
      this.#end(process);
    });
  }

  /** An upgrade that the edge passes on. False: answered with 503. */
  open(identity: Identity, end: End<Wire>): boolean {
    const process = this.#process;
    const node = this.#node;
    if (process === undefined || node?.services === undefined || node.unreadyReason() !== undefined) return false;
    const { doors } = this.#options;
    const services = doors.services(node.services, process);
    const socket = doors.socket(new RelaySocket(end), process);
    const session = node.sessions.open((id, onEnd) => new Session({ id, identity, services, socket, onEnd }));
    end.handlers = {
      onMessage: (message) => {
        if (message.type === 'text') session.receive(message.text);
        else if (message.type === 'pong') session.heard();
        else if (message.type === 'close') {
          end.send({ type: 'close', code: message.code }, 4, 'close answered');
          end.end();
          session.end();
        }
      },
      onEnd: () => session.end(),
    };
    return true;
  }

  /** As `kill -9`: what was not durable is lost, and the kernel ends the sockets. */
  kill(): void {
    const process = this.#process;
    if (process === undefined) return;
    this.#end(process);
  }

  /** As SIGTERM. */
  async drain(): Promise<void> {
    if (this.#process !== undefined && this.#node !== undefined) await this.#leave(this.#process, this.#node);
  }

  /** The view is lost, as when somebody deleted its file. Only while the node is down. */
  loseView(): void {
    this.#folder = this.#newFolder();
  }

  async #leave(process: SimProcess, node: RelayNode): Promise<void> {
    await node.stop();
    if (process.isAlive) this.#end(process);
  }

  #end(process: SimProcess): void {
    if (this.#process !== process) return;
    process.kill();
    // The file as it is in this moment; the old one is left to whatever of the dead node still runs.
    const folder = this.#newFolder();
    for (const file of readdirSync(this.#folder).filter((name) => !name.endsWith('-shm')))
      copyFileSync(join(this.#folder, file), join(folder, file));
    this.#folder = folder;
    this.#process = undefined;
    this.#node = undefined;
    this.#options.onDown(this);
  }

  #newFolder(): string {
    this.#lives += 1;
    const folder = join(this.#options.world.folder, `${this.#options.name}-${this.#lives}`);
    mkdirSync(folder);
    return folder;
  }
}
