/** A TCP connection: two ordered streams of messages, and their end. */
import type { Network, Path } from './network.ts';
import type { SimProcess } from './process.ts';

/** What the kernels of both sides hold before a sender sees its bytes wait. */
const KERNEL_BYTES = 128 * 1024;

export interface EndHandlers<Message> {
  onMessage(message: Message): void;
  /** Once, when the other side ended it or it was cut; not after one's own `end` or `abort`. */
  onEnd(): void;
}

interface Sent<Message> {
  message: Message | undefined;
  bytes: number;
  label: string;
  hasArrived: boolean;
}

/** One side of a connection. */
export class End<Message> {
  readonly owner: SimProcess;
  readonly #path: Path;
  readonly #network: Network;
  peer: End<Message> | undefined;
  handlers: EndHandlers<Message> | undefined;
  /** This side is gone, by itself or because it heard so of the other. */
  onGone: (() => void) | undefined;
  /** Under way, in order. */
  readonly #queue: Sent<Message>[] = [];
  readonly #forget: () => void;
  #lastArrival = 0;
  #unread = 0;
  #underWay = 0;
  /** This side takes nothing more in. */
  #isClosed = false;
  /** This side says nothing more. */
  #isEnding = false;

  constructor(owner: SimProcess, path: Path, network: Network) {
    this.owner = owner;
    this.#path = path;
    this.#network = network;
    this.#forget = owner.onDeath(() => this.end());
  }

  /** Handed over and beyond what the kernels take. */
  get bufferedBytes(): number {
    return Math.max(0, this.#underWay + (this.peer?.unread ?? 0) - KERNEL_BYTES);
  }

  /** Arrived at a process that stands still. */
  get unread(): number {
    return this.#unread;
  }

  get isOpen(): boolean {
    return !this.#isClosed && !this.#isEnding;
  }

  send(message: Message, bytes: number, label: string): void {
    this.owner.effect();
    if (!this.owner.isAlive || this.#isEnding || this.#isClosed) return;
    this.#push({ message, bytes, label, hasArrived: false });
  }

  /** Says nothing more and hears nothing more; what was sent before still goes out. */
  end(): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#push({ message: undefined, bytes: 0, label: 'end', hasArrived: false });
    this.#isEnding = true;
    this.#isClosed = true;
    this.#forget();
    this.onGone?.();
  }

  /** As `end`, but what was sent and is still under way is lost. */
  abort(): void {
    this.#queue.length = 0;
    this.end();
  }

  /** Something in between ends the connection: both sides hear of it, if they hear anything. */
  cut(): void {
    this.hearEnd('cut');
    this.peer?.hearEnd('cut');
  }

  /** The host vanishes: nobody is told. */
  vanish(): void {
    this.#isClosed = true;
    this.#isEnding = true;
    this.#queue.length = 0;
  }

  #push(sent: Sent<Message>): void {
    this.#queue.push(sent);
    this.#underWay += sent.bytes;
    this.#path.whenOpen(() => {
      const { time } = this.#network;
      const at = Math.max(this.#lastArrival, time.now + this.#path.delayMs());
      this.#lastArrival = at;
      time.at(at, `${this.#path.name} ${sent.label}`, () => this.#path.whenOpen(() => this.#arrive(sent)));
    });
  }

  /** What overtook waits for those before it. */
  #arrive(sent: Sent<Message>): void {
    sent.hasArrived = true;
    for (let first = this.#queue[0]; first?.hasArrived === true; first = this.#queue[0]) {
      this.#queue.shift();
      this.#underWay -= first.bytes;
      if (first.message === undefined) this.peer?.hearEnd('end');
      else this.peer?.take(first.message, first.bytes, first.label);
    }
  }

  take(message: Message, bytes: number, label: string): void {
    if (this.#isClosed) return;
    this.#unread += bytes;
    this.owner.deliver(label, () => {
      this.#unread -= bytes;
      if (!this.#isClosed) this.handlers?.onMessage(message);
    });
  }

  hearEnd(how: string): void {
    if (this.#isClosed) return;
    this.#isEnding = true;
    this.#queue.length = 0;
    this.#forget();
    this.owner.deliver(how, () => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.onGone?.();
      this.handlers?.onEnd();
    });
  }
}

/** A connection that was just made. */
export function connect<Message>(
  network: Network,
  one: { owner: SimProcess; host: string },
  other: { owner: SimProcess; host: string },
): [End<Message>, End<Message>] {
  const near = new End<Message>(one.owner, network.path(one.host, other.host), network);
  const far = new End<Message>(other.owner, network.path(other.host, one.host), network);
  near.peer = far;
  far.peer = near;
  return [near, far];
}
