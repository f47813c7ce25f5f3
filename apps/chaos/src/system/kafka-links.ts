/** One proxy a relay, over which it reaches every broker: what lies between the two can be cut, held or thinned out. */
import { fileURLToPath } from 'node:url';
import { inspectKafka } from './kafka-inspector.ts';
import { Proxy } from './proxy.ts';

const REDIRECT = fileURLToPath(new URL('redirect.ts', import.meta.url));

export class KafkaLinks {
  readonly #proxies = new Map<string, Proxy>();
  readonly #random: () => number;
  readonly #holding = new Set<string>();
  #lossShare = 0;
  #lost = 0;

  private constructor(random: () => number) {
    this.#random = random;
  }

  static async open(relays: readonly string[], random: () => number): Promise<KafkaLinks> {
    const links = new KafkaLinks(random);
    for (const relay of relays) links.#proxies.set(relay, await links.#open(relay));
    return links;
  }

  /** What makes a relay use its proxy. */
  get relayEnv(): Record<string, string> {
    const ports = [...this.#proxies].map(([relay, { port }]) => `${relay}=${port}`);
    return { NODE_OPTIONS: `--import=${REDIRECT}`, CHAOS_PROXIES: ports.join(',') };
  }

  /** Answers to produce requests that were lost so far. */
  get lost(): number {
    return this.#lost;
  }

  of(relay: string): Proxy {
    const proxy = this.#proxies.get(relay);
    if (proxy === undefined) throw new Error(`${relay} has no proxy`);
    return proxy;
  }

  /** From now on this share of the answers to produce requests gets lost, with the connection that they came on. */
  loseAnswers(share: number): void {
    this.#lossShare = share;
  }

  /** The relay's produce requests do not get through; everything else does. */
  holdProduce(relay: string): void {
    this.#holding.add(relay);
  }

  releaseProduce(relay: string): void {
    this.#holding.delete(relay);
    // What was held is not sent late: that connection has missed requests.
    this.of(relay).cut();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
  }

  #open(relay: string): Promise<Proxy> {
    const faults = {
      losesAnswer: () => {
        const isLost = this.#random() < this.#lossShare;
        if (isLost) this.#lost += 1;
        return isLost;
      },
      holdsProduce: () => this.#holding.has(relay),
    };
    return Proxy.open({
      readsFirst: true,
      target: (line) => {
        const colon = line.lastIndexOf(':');
        return { host: line.slice(0, colon), port: Number(line.slice(colon + 1)) };
      },
      inspect: () => inspectKafka(faults),
      random: this.#random,
    });
  }
}
