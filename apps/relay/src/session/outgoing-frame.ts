/**
 * A frame on its way to sockets: encoded once per event, however many sessions get it.
 * Built by fan-out, presence and dispatch; handed to a session's outbound queue, which writes the bytes as they are.
 */
import { encodeRelayFrame, type RelayFrame } from '@parley/protocol';

/**
 * `durable`: part of a conversation's sequence, never dropped. `control`: answers and everything else that must arrive.
 * `ephemeral`: true only for a moment, conflated by `key` and dropped first under pressure.
 */
export type OutgoingFrame =
  | { readonly class: 'durable' | 'control'; readonly bytes: Buffer }
  | { readonly class: 'ephemeral'; readonly bytes: Buffer; readonly key: string };

export function encodeDurable(frame: RelayFrame): OutgoingFrame {
  return { class: 'durable', bytes: textFrame(encodeRelayFrame(frame)) };
}

export function encodeControl(frame: RelayFrame): OutgoingFrame {
  return { class: 'control', bytes: textFrame(encodeRelayFrame(frame)) };
}

/** @param key A later frame with the same key replaces this one while it waits. */
export function encodeEphemeral(frame: RelayFrame, key: string): OutgoingFrame {
  return { class: 'ephemeral', bytes: textFrame(encodeRelayFrame(frame)), key };
}

/** One unfragmented, unmasked WebSocket text frame (RFC 6455 §5.2), header and payload in one buffer. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerBytes = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerBytes + length);
  bytes[0] = 0x81;
  if (headerBytes === 2) bytes[1] = length;
  else if (headerBytes === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, headerBytes, 'utf8');
  return bytes;
}
