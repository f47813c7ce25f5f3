/** Reads just enough of Kafka's protocol to tell a produce request, and its answer, from the rest. */
import type { Inspector } from './proxy.ts';

/** Request header: api key (2 bytes), version (2), correlation id (4). Every request and answer begins with its size (4). */
const PRODUCE = 0;
const SIZE_BYTES = 4;
const REQUEST_HEADER_BYTES = 8;

export interface KafkaFaults {
  /** Whether the answer to this produce request gets lost, and the connection with it. The broker has written by then. */
  losesAnswer(): boolean;
  /** Whether produce requests are held back. */
  holdsProduce(): boolean;
}

export function inspectKafka(faults: KafkaFaults): Inspector {
  const requests = new Framer();
  const answers = new Framer();
  const doomed = new Set<number>();
  let isHeld = false;
  return {
    toServer(bytes) {
      const passed: Buffer[] = [];
      for (const frame of requests.add(bytes)) {
        const isProduce =
          frame.length >= SIZE_BYTES + REQUEST_HEADER_BYTES && frame.readInt16BE(SIZE_BYTES) === PRODUCE;
        // What follows on the connection would be answered out of turn.
        if (isProduce && faults.holdsProduce()) isHeld = true;
        if (isHeld) continue;
        if (isProduce && faults.losesAnswer()) doomed.add(frame.readInt32BE(SIZE_BYTES + 4));
        passed.push(frame);
      }
      return Buffer.concat(passed);
    },
    toClient(bytes) {
      const passed: Buffer[] = [];
      for (const frame of answers.add(bytes)) {
        if (frame.length >= SIZE_BYTES + 4 && doomed.has(frame.readInt32BE(SIZE_BYTES))) return undefined;
        passed.push(frame);
      }
      return Buffer.concat(passed);
    },
  };
}

/** Puts chunks of a stream together to frames, size included. */
class Framer {
  #rest: Buffer = Buffer.alloc(0);

  add(bytes: Buffer): Buffer[] {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const frames: Buffer[] = [];
    while (this.#rest.length >= SIZE_BYTES) {
      const length = SIZE_BYTES + this.#rest.readInt32BE(0);
      if (this.#rest.length < length) break;
      frames.push(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
    }
    return frames;
  }
}
