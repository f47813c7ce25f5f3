import type { OutgoingFrame } from './outgoing-frame.ts';

/**
 * Frames that wait for one write. Batches are shared: sessions that were pushed the same frames in the same order hold the
 * same batch, so their bytes are put together once for all of them.
 */
export class OutgoingBatch {
  readonly #previous: OutgoingBatch | undefined;
  readonly #frame: OutgoingFrame;
  readonly #totalBytes: number;
  #bytes: Buffer | undefined;
  // Fan-out pushes one frame to many sessions in a row: remembering the last successor finds nearly all shared batches.
  #lastNext: OutgoingBatch | undefined;
  static #lastFirst: OutgoingBatch | undefined;

  private constructor(previous: OutgoingBatch | undefined, frame: OutgoingFrame) {
    this.#previous = previous;
    this.#frame = frame;
    this.#totalBytes = (previous === undefined ? 0 : previous.#totalBytes) + frame.bytes.length;
  }

  static append(batch: OutgoingBatch | undefined, frame: OutgoingFrame): OutgoingBatch {
    const known = batch === undefined ? OutgoingBatch.#lastFirst : batch.#lastNext;
    if (known !== undefined && known.#frame === frame) return known;
    const next = new OutgoingBatch(batch, frame);
    if (batch === undefined) OutgoingBatch.#lastFirst = next;
    else batch.#lastNext = next;
    return next;
  }

  get bytes(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes;
    if (this.#previous === undefined) return (this.#bytes = this.#frame.bytes);
    const parts = [this.#frame.bytes];
    for (let batch: OutgoingBatch | undefined = this.#previous; batch !== undefined; batch = batch.#previous)
      parts.push(batch.#frame.bytes);
    return (this.#bytes = Buffer.concat(parts.toReversed(), this.#totalBytes));
  }
}
