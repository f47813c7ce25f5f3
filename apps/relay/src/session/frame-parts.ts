/** Keeps what the relay sends within FRAME_MAX_BYTES, judged on the encoded bytes. */
import { FRAME_MAX_BYTES, type RelayFrame } from '@parley/protocol';
import type { OutgoingFrame } from './outgoing-frame.ts';

/** How full a part is meant to be where a list has to be cut: items are not of one size. */
const FILL = 0.75;

/**
 * The frames that carry a list, in order.
 * @param build The frame around a part of the list.
 */
export function encodeInParts<Item>(
  items: readonly Item[],
  build: (part: Item[]) => RelayFrame,
  encode: (frame: RelayFrame) => OutgoingFrame,
): OutgoingFrame[] {
  if (items.length === 0) return [];
  const whole = encode(build([...items]));
  if (whole.bytes.length <= FRAME_MAX_BYTES || items.length === 1) return [whole];
  const partCount = Math.max(2, Math.ceil(whole.bytes.length / (FRAME_MAX_BYTES * FILL)));
  const size = Math.ceil(items.length / partCount);
  const frames: OutgoingFrame[] = [];
  for (let from = 0; from < items.length; from += size)
    frames.push(...encodeInParts(items.slice(from, from + size), build, encode));
  return frames;
}

/** One frame with as many of the last items as fit. */
export function encodeLastThatFit<Item>(
  items: readonly Item[],
  build: (part: Item[]) => RelayFrame,
  encode: (frame: RelayFrame) => OutgoingFrame,
): OutgoingFrame {
  let taken = items.length;
  for (;;) {
    const frame = encode(build(items.slice(items.length - taken)));
    const { length } = frame.bytes;
    if (length <= FRAME_MAX_BYTES || taken <= 1) return frame;
    taken = Math.max(1, Math.min(taken - 1, Math.floor((taken * FRAME_MAX_BYTES) / length)));
  }
}
