/** A whole node without HTTP, under a clock that passes only when told; its sessions hang on sockets that keep everything. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { type ChatClient, createChatClient, type OpenSocket } from '@parley/client';
import {
  type ClientFrame,
  type ClientFrameOf,
  encodeRelayFrame,
  PROTOCOL_VERSION,
  type RelayFrame,
  type RelayFrameOf,
} from '@parley/protocol';
import { readConfig } from '../../src/config.ts';
import { createEmbeddedLog } from '../../src/log/embedded.ts';
import type { Log, LogHandlers } from '../../src/log/log.ts';
import { RelayNode } from '../../src/node.ts';
import { Session } from '../../src/session/session.ts';
import { openView } from '../../src/view/database.ts';
import { FakeClock, seededRandom, settled } from './fake-clock.ts';
import { FakeSocket } from './fake-socket.ts';
import { quiet } from './quiet.ts';

export const YEAR_MS = 365 * 24 * 3_600_000;

export class TestNode {
  readonly clock = new FakeClock();
  readonly random = seededRandom(7);
  readonly node: RelayNode;
  readonly log: Log;
  /** The view's, once the node has started. */
  database: DatabaseSync | undefined;
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'parley-node-'));
  #release: (() => void) | undefined;
  #released: Promise<void> | undefined;

  constructor(settings: Record<string, string> = {}) {
    const log = createEmbeddedLog({
      file: join(this.#dataDir, 'log.sqlite'),
      clock: this.clock,
      random: this.random,
      logger: quiet,
    });
    this.log = log;
    this.node = new RelayNode({
      config: readConfig({
        NODE_ID: 'test',
        RATE_FRAMES: '1000000/1000000',
        RATE_OPERATIONS: '1000000/1000000',
        ...settings,
      }),
      environment: { clock: this.clock, random: this.random, logger: quiet, soon: setImmediate },
      log: this.#holdable(log),
      viewFile: ':memory:',
      openView: (...of) => {
        const opened = openView(...of);
        this.database = opened.database;
        return opened;
      },
      incarnation: 1,
      onFatal: (reason) => {
        throw new Error(reason);
      },
    });
  }

  static async start(settings: Record<string, string> = {}): Promise<TestNode> {
    const test = new TestNode(settings);
    await test.node.start();
    while (test.node.unreadyReason() !== undefined) await settled();
    return test;
  }

  async stop(): Promise<void> {
    const stopped = this.node.stop();
    await this.clock.pass(10_000);
    await stopped;
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  /** From now on nothing more of the log is applied: the node falls behind. */
  holdView(): void {
    ({ promise: this.#released, resolve: this.#release } = Promise.withResolvers<void>());
  }

  releaseView(): void {
    this.#release?.();
    this.#released = undefined;
  }

  /** A socket whose upgrade was granted; nothing was said yet. */
  open(user: string, options: { name?: string; expiresAtMs?: number } = {}): TestSession {
    const { services } = this.node;
    if (services === undefined) throw new Error('the node has not started');
    const socket = new FakeSocket();
    const identity = {
      user,
      name: options.name ?? 'Guest',
      expiresAtMs: options.expiresAtMs ?? this.clock.wallMs() + YEAR_MS,
    };
    const session = this.node.sessions.open((id, onEnd) => new Session({ id, identity, services, socket, onEnd }));
    return new TestSession(session, socket, this.clock);
  }

  /** A session that has said hello and been told everything. */
  async enter(user: string, hello: Partial<ClientFrameOf<'hello'>> = {}, name = 'Guest'): Promise<TestSession> {
    const opened = this.open(user, { name });
    opened.hello(hello);
    await opened.until('caughtUp');
    return opened;
  }

  #holdable(log: Log): Log {
    const hold = (handlers: LogHandlers): LogHandlers => ({
      ...handlers,
      onBatch: (batch) => this.#released?.then(() => handlers.onBatch(batch)) ?? handlers.onBatch(batch),
    });
    return new Proxy(log, {
      get: (target, name) => {
        if (name === 'start') return (handlers: LogHandlers) => target.start(hold(handlers));
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

export class TestSession {
  readonly session: Session;
  readonly socket: FakeSocket;
  readonly #clock: FakeClock;
  #seen = 0;

  constructor(session: Session, socket: FakeSocket, clock: FakeClock) {
    this.#clock = clock;
    this.session = session;
    this.socket = socket;
  }

  say(frame: ClientFrame): void {
    this.session.receive(JSON.stringify(frame));
  }

  hello(more: Partial<ClientFrameOf<'hello'>> = {}): void {
    const device = 'v_AAAAAAAAAAAAAAAAAAAAAA';
    this.say({ type: 'hello', version: PROTOCOL_VERSION, oldest: PROTOCOL_VERSION, device, ...more });
  }

  get types(): string[] {
    return this.socket.frames.map(({ type }) => type);
  }

  /** Frames since this was last asked. */
  fresh(): RelayFrame[] {
    const { frames } = this.socket;
    const fresh = frames.slice(this.#seen);
    this.#seen = frames.length;
    return fresh;
  }

  /** The first fresh frame of this type; the test's own time-out is the limit. Of time little passes. */
  async until<Type extends RelayFrame['type']>(type: Type): Promise<RelayFrameOf<Type>> {
    for (;;) {
      const fresh = this.socket.frames.slice(this.#seen);
      const at = fresh.findIndex((frame) => frame.type === type);
      const found = fresh[at];
      if (found !== undefined && isOf(found, type)) {
        this.#seen += at + 1;
        return found;
      }
      await settled();
      // A busy node writes a moment later.
      this.#clock.advance(1);
    }
  }
}

/** The client that the page uses, on sockets and under the clock of the node. */
export function startClient(
  test: TestNode,
  user: string,
): { client: ChatClient; socket: () => FakeSocket | undefined } {
  let last: FakeSocket | undefined;
  const openSocket: OpenSocket = (_, events) => {
    const { session, socket } = test.open(user);
    last = socket;
    let told = 0;
    socket.onWrite = () => {
      for (const frame of socket.frames.slice(told)) {
        told += 1;
        events.onText(encodeRelayFrame(frame));
      }
    };
    socket.onPing = () => session.heard();
    setImmediate(() => events.onOpen());
    return { send: (text) => session.receive(text), close: () => session.end() };
  };
  const { clock, random } = test;
  const client = createChatClient({ url: 'http://localhost', token: 'none', clock, random, openSocket });
  client.start();
  return { client, socket: () => last };
}

function isOf<Type extends RelayFrame['type']>(frame: RelayFrame, type: Type): frame is RelayFrameOf<Type> {
  return frame.type === type;
}
