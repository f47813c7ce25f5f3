/**
 * A TCP proxy whose weather can be changed while connections run over it: late, silent, cut, or closed. It never changes a
 * byte, and forgets none unless told.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Weather {
  /** Added to every chunk of bytes in each direction, in milliseconds. */
  readonly delayMs: number;
  /** At random up to this much more; bytes keep their order. */
  readonly jitterMs: number;
  /** Takes everything and passes nothing on, in both directions; what came meanwhile is lost with its connection. */
  readonly isBlackHole: boolean;
  /** Refuses new connections. */
  readonly isShut: boolean;
}

export const FAIR: Weather = { delayMs: 0, jitterMs: 0, isBlackHole: false, isShut: false };

/** Sees and decides on what passes; what it returns is passed on. Undefined: the connection is cut here. */
export interface Inspector {
  toServer(bytes: Buffer): Buffer | undefined;
  toClient(bytes: Buffer): Buffer | undefined;
}

export interface ProxyOptions {
  /** Where a new connection goes. `first` is what the client sent before anything else, where `readsFirst`. */
  readonly target: (first: string) => { host: string; port: number };
  /** The client begins with a line that names the target, which is not passed on. */
  readonly readsFirst?: boolean;
  readonly inspect?: () => Inspector;
  /** In [0, 1); for the jitter. */
  readonly random: () => number;
}

export class Proxy {
  readonly #server: Server;
  readonly #options: ProxyOptions;
  readonly #links = new Set<Link>();
  #weather: Weather = FAIR;

  private constructor(options: ProxyOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client));
  }

  /** On a free port of 127.0.0.1. */
  static async open(options: ProxyOptions): Promise<Proxy> {
    const proxy = new Proxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', 4096, resolve);
    });
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** Holds for every connection, those that are open too. */
  setWeather(weather: Partial<Weather>): void {
    this.#weather = { ...FAIR, ...weather };
    // What a black hole swallowed does not come back: those connections are dead.
    if (!this.#weather.isBlackHole) for (const link of this.#links) link.endIfHollow();
  }

  /** Those that are open now stay open and pass nothing on for ever; new ones are as the weather is. */
  freeze(): void {
    for (const link of this.#links) link.freeze();
  }

  /** Resets every connection. */
  cut(): void {
    for (const link of this.#links) link.end();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.#server.close(() => resolve()));
    this.cut();
    await closed;
  }

  #accept(client: Socket): void {
    client.on('error', () => undefined);
    if (this.#weather.isShut) {
      client.resetAndDestroy();
      return;
    }
    if (this.#options.readsFirst === true) this.#readFirst(client);
    else this.#link(client, '');
  }

  #readFirst(client: Socket): void {
    client.once('data', (bytes: Buffer) => {
      const end = bytes.indexOf('\n');
      client.pause();
      if (end === -1) {
        client.destroy();
        return;
      }
      if (end + 1 < bytes.length) client.unshift(bytes.subarray(end + 1));
      this.#link(client, bytes.subarray(0, end).toString('latin1'));
    });
  }

  #link(client: Socket, first: string): void {
    const { target, random, inspect } = this.#options;
    const server = connect({ ...target(first), noDelay: true });
    const link = new Link({ client, server, random, inspector: inspect?.(), weather: () => this.#weather });
    this.#links.add(link);
    link.onEnd = () => this.#links.delete(link);
  }
}

interface LinkOptions {
  client: Socket;
  server: Socket;
  random: () => number;
  inspector: Inspector | undefined;
  weather: () => Weather;
}

/** One connection over the proxy. */
class Link {
  readonly #options: LinkOptions;
  #isHollow = false;
  #isFrozen = false;
  #hasEnded = false;
  onEnd: () => void = () => undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { client, server, inspector } = options;
    this.#pass(client, server, (bytes) => (inspector === undefined ? bytes : inspector.toServer(bytes)));
    this.#pass(server, client, (bytes) => (inspector === undefined ? bytes : inspector.toClient(bytes)));
  }

  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.client.resetAndDestroy();
    this.#options.server.resetAndDestroy();
    this.onEnd();
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  endIfHollow(): void {
    if (this.#isHollow && !this.#isFrozen) this.end();
  }

  get #isBlackHole(): boolean {
    return this.#isFrozen || this.#options.weather().isBlackHole;
  }

  #pass(from: Socket, to: Socket, inspect: (bytes: Buffer) => Buffer | undefined): void {
    const queue = new DelayQueue();
    const later = (run: () => void): void => {
      const { delayMs, jitterMs } = this.#options.weather();
      queue.add(run, delayMs + this.#options.random() * jitterMs);
    };
    from.on('data', (bytes: Buffer) => {
      if (this.#isBlackHole) {
        this.#isHollow = true;
        return;
      }
      const passed = inspect(bytes);
      if (passed === undefined) {
        this.end();
        return;
      }
      if (passed.length === 0) return;
      later(() => {
        if (to.destroyed || !to.writable || to.write(passed)) return;
        from.pause();
        to.once('drain', () => from.resume());
      });
    });
    from.on('error', () => undefined);
    // It was paused where its first line was read.
    from.resume();
    from.on('end', () => {
      // In a black hole nobody learns that the other side is gone.
      if (this.#isBlackHole) this.#isHollow = true;
      else later(() => to.end());
    });
    from.on('close', () => {
      if (!this.#isBlackHole) later(() => this.#ended(from));
      else this.#isHollow = true;
    });
  }

  #ended(from: Socket): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const { client, server } = this.#options;
    const other = from === client ? server : client;
    // An abrupt end stays abrupt, a polite one has been passed on already.
    if (!other.destroyed) other.destroySoon();
    this.onEnd();
  }
}

/** Runs each after its delay, and never one before another that was added earlier: a stream has one order. */
class DelayQueue {
  readonly #waiting: { dueMs: number; run: () => void }[] = [];
  #isTimed = false;

  add(run: () => void, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      run();
      return;
    }
    const before = this.#waiting.at(-1)?.dueMs ?? 0;
    this.#waiting.push({ dueMs: Math.max(before, performance.now() + delayMs), run });
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#isTimed) return;
    this.#isTimed = true;
    setTimeout(
      () => {
        this.#isTimed = false;
        for (
          let next = this.#waiting[0];
          next !== undefined && next.dueMs <= performance.now();
          next = this.#waiting[0]
        ) {
          this.#waiting.shift();
          next.run();
        }
        this.#arm();
      },
      Math.max(1, first.dueMs - performance.now()),
    );
  }
}
