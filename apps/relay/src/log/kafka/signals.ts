import type { IHeaders, Message, ProducerRecord } from 'kafkajs';
import type { Logger } from '../../logger.ts';
import type { Signal } from '../log.ts';
import { innermostText } from './kafka-error.ts';

// Beyond it Kafka does not keep up, and what waits is stale.
const WAITING_MAX = 1000;
const SEND_TIMEOUT_MS = 2000;

export interface SignalSender {
  publish(signal: Signal): void;
  /** Sends nothing more. */
  close(): void;
}

/** Sends signals with acks=1 and never twice: collected while a request is under way, dropped when too many wait. */
export function createSignalSender(
  send: (record: ProducerRecord) => Promise<unknown>,
  { topic, logger }: { topic: string; logger: Logger },
): SignalSender {
  let waiting: Message[] = [];
  let busy = false;
  let closed = false;
  let dropped = 0;

  function takeAll(): Message[] {
    const all = closed ? [] : waiting;
    waiting = [];
    return all;
  }

  async function flush(): Promise<void> {
    busy = true;
    for (let messages = takeAll(); messages.length > 0; messages = takeAll()) {
      try {
        await send({ topic, acks: 1, timeout: SEND_TIMEOUT_MS, messages });
      } catch (error) {
        dropped += messages.length;
        logger.debug({ dropped, reason: innermostText(error) }, 'signals dropped');
      }
    }
    busy = false;
  }

  return {
    publish({ kind, key, body }) {
      if (closed) return;
      if (waiting.length >= WAITING_MAX) {
        dropped += 1;
        return;
      }
      waiting.push({ key, value: bufferOf(body), headers: { kind }, partition: 0 });
      if (!busy) void flush();
    },
    close() {
      closed = true;
    },
  };
}

/** Undefined for what is no signal that this build knows. */
export function readSignal(message: {
  key: Buffer | null;
  value: Buffer | null;
  headers?: IHeaders;
}): Signal | undefined {
  const kind = headerText(message.headers, 'kind');
  if (kind !== 'presence' && kind !== 'typing') return undefined;
  return { kind, key: message.key?.toString() ?? '', body: message.value ?? new Uint8Array() };
}

export function headerText(headers: IHeaders | undefined, name: string): string {
  const value = headers?.[name];
  return Buffer.isBuffer(value) || typeof value === 'string' ? value.toString() : '';
}

export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
