import { connect, type Socket } from 'node:net';
import type { CancelTimer, Clock } from '@parley/protocol/environment';
import { errorText } from '../../error-text.ts';
import { NoAnswerError } from '../cluster.ts';
import { ByteReader } from './bytes.ts';
import { type Address, type Api, encodeRequest } from './requests.ts';

// Under 5 s connections flap while brokers start.
const CONNECT_WITHIN_MS = 5000;
const KEEP_ALIVE_MS = 60_000;
// Over what one fetch may bring; more is no answer of Kafka.
const ANSWER_MOST_BYTES = 64 * 1024 * 1024;

/** One TCP connection to a broker, which answers in the order it was asked. It opens with the first request. */
export interface Connection {
  /** @throws NoAnswerError (as a rejection); after one that took too long the connection is closed. */
  request<Request, Answer>(api: Api<Request, Answer>, request: Request, timeoutMs: number): Promise<Answer>;
  /** What is under way is rejected. */
  close(reason: string): void;
}

interface Waiting {
  correlation: number;
  settle: (answer: ByteReader) => void;
  fail: (error: NoAnswerError) => void;
  cancelTimer: CancelTimer;
}

export function openConnection(
  address: Address,
  options: { clientId: string; clock: Clock; onClose: () => void },
): Connection {
  return new TcpConnection(address, options);
}

class TcpConnection implements Connection {
  readonly #name: string;
  readonly #options: { clientId: string; clock: Clock; onClose: () => void };
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #cancelConnecting: CancelTimer;
  #connected = false;
  #closed = false;
  #correlation = 0;
  /** Bytes that are no whole answer yet. */
  #chunks: Buffer[] = [];
  #buffered = 0;
  #needed = 4;

  constructor(address: Address, options: { clientId: string; clock: Clock; onClose: () => void }) {
    this.#name = `${address.host}:${address.port}`;
    this.#options = options;
    // Without TCP_NODELAY small requests wait for the acknowledgement of the packet before.
    this.#socket = connect({ ...address, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    this.#socket.on('connect', () => {
      this.#connected = true;
      this.#cancelConnecting();
    });
    this.#socket.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#socket.on('error', (error) => this.close(errorText(error)));
    this.#socket.on('close', () => this.close('the broker closed the connection'));
    this.#cancelConnecting = options.clock.setTimer(() => this.close('no connection in time'), CONNECT_WITHIN_MS);
  }

  request<Request, Answer>(api: Api<Request, Answer>, request: Request, timeoutMs: number): Promise<Answer> {
    if (this.#closed) return Promise.reject(this.#noAnswer('the connection is closed', false));
    this.#correlation = (this.#correlation + 1) & 0x7fffffff;
    const correlation = this.#correlation;
    const bytes = encodeRequest(api, request, { correlation, clientId: this.#options.clientId });
    const answered = Promise.withResolvers<Answer>();
    this.#waiting.push({
      correlation,
      settle: (reader) => answered.resolve(api.read(reader, request)),
      fail: answered.reject,
      cancelTimer: this.#options.clock.setTimer(() => this.close(`no answer within ${timeoutMs} ms`), timeoutMs),
    });
    this.#socket.write(bytes);
    return answered.promise;
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelConnecting();
    this.#socket.destroy();
    for (const { fail, cancelTimer } of this.#waiting.splice(0)) {
      cancelTimer();
      fail(this.#noAnswer(reason, this.#connected));
    }
    this.#options.onClose();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    while (!this.#closed && this.#buffered >= this.#needed) {
      const bytes = this.#joined();
      const length = bytes.readInt32BE(0);
      if (length < 4 || length > ANSWER_MOST_BYTES) return this.close(`an answer of ${length} bytes`);
      this.#needed = length + 4;
      if (bytes.length < this.#needed) return;
      this.#keep(bytes.subarray(this.#needed));
      this.#needed = 4;
      this.#answer(new ByteReader(bytes, 4, length + 4));
    }
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && this.#chunks.length === 1) return first;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }

  #keep(rest: Buffer): void {
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#buffered = rest.length;
  }

  #answer(reader: ByteReader): void {
    const correlation = reader.int32();
    const waiting = this.#waiting.shift();
    if (waiting?.correlation !== correlation) {
      if (waiting !== undefined) this.#waiting.unshift(waiting);
      return this.close(`an answer to request ${correlation}, which is not the next`);
    }
    waiting.cancelTimer();
    try {
      waiting.settle(reader);
    } catch (error) {
      waiting.fail(this.#noAnswer(`an answer that cannot be read: ${errorText(error)}`, true));
      this.close('an answer could not be read');
    }
  }

  #noAnswer(reason: string, maybeArrived: boolean): NoAnswerError {
    return new NoAnswerError(`${this.#name}: ${reason}`, { maybeArrived });
  }
}
