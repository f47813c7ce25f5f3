import type * as z from 'zod/mini';
import { ClientFrame, HelloVersions } from './client-frame.ts';
import { OperationId, Seq } from './ids.ts';
import { FRAME_MAX_BYTES, FRAME_MAX_DEPTH, SEND_MAX_MESSAGES } from './limits.ts';
import { RelayFrame } from './relay-frame.ts';
import { countUtf8Bytes } from './text.ts';
import { negotiateVersion, OLDEST_PROTOCOL_VERSION, PROTOCOL_VERSION } from './version.ts';

/** Why a frame was not understood. `too_large` closes the socket with CLOSE_TOO_LARGE, the others are codes of ERRORS. */
export interface DecodeFailure {
  ok: false;
  code: 'malformed_frame' | 'unknown_frame' | 'invalid_frame' | 'version_unsupported' | 'too_large';
  /** The field and what was expected, for developers; holds nothing of the frame's own text. */
  detail: string;
  /** The frame's `id` or `request`, where it has a valid one, so that the answer can name it. */
  id?: OperationId;
  request?: number;
  /** A `send` has an id a message: every valid one, each to be answered by an error of its own. */
  ids?: OperationId[];
}

export type Decoded<Frame> = { ok: true; frame: Frame } | DecodeFailure;

/** Reads one client → relay frame. Never throws, whatever the input. */
export function decodeClientFrame(text: string): Decoded<ClientFrame> {
  return decode(text, ClientFrame, CLIENT_TYPES);
}

/** Reads one relay → client frame. Never throws. A client drops `unknown_frame` silently: a newer relay sent it. */
export function decodeRelayFrame(text: string): Decoded<RelayFrame> {
  return decode(text, RelayFrame, RELAY_TYPES);
}

/** The text of a client → relay frame. The caller has typed it; nothing is checked again. */
export function encodeClientFrame(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/** The text of a relay → client frame. */
export function encodeRelayFrame(frame: RelayFrame): string {
  return JSON.stringify(frame);
}

const CLIENT_TYPES = typesOf(ClientFrame);
const RELAY_TYPES = typesOf(RelayFrame);

function typesOf(union: typeof ClientFrame | typeof RelayFrame): ReadonlySet<string> {
  return new Set(union.def.options.flatMap((option) => option.def.shape.type.def.values));
}

function decode<Schema extends typeof ClientFrame | typeof RelayFrame>(
  text: string,
  schema: Schema,
  types: ReadonlySet<string>,
): Decoded<z.infer<Schema>> {
  if (typeof text !== 'string') return { ok: false, code: 'malformed_frame', detail: 'not text' };
  if (text.length > FRAME_MAX_BYTES || (text.length * 3 > FRAME_MAX_BYTES && countUtf8Bytes(text) > FRAME_MAX_BYTES)) {
    return { ok: false, code: 'too_large', detail: `more than ${FRAME_MAX_BYTES} bytes` };
  }
  if (isDeeperThan(text, FRAME_MAX_DEPTH))
    return { ok: false, code: 'malformed_frame', detail: `nested deeper than ${FRAME_MAX_DEPTH}` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, code: 'malformed_frame', detail: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    return { ok: false, code: 'malformed_frame', detail: 'not an object with a type' };
  }
  if (!types.has(value.type)) return { ok: false, code: 'unknown_frame', detail: 'unknown type', ...reference(value) };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, frame: parsed.data as z.infer<Schema> };
  if (isOtherVersion(value)) return { ok: false, code: 'version_unsupported', detail: 'no common version' };
  return { ok: false, code: 'invalid_frame', detail: describe(parsed.error.issues[0]), ...reference(value) };
}

// A hello of another age may look different but for its versions, and its client must learn that they are the reason.
function isOtherVersion(value: object): boolean {
  const hello = HelloVersions.safeParse(value);
  const own = { version: PROTOCOL_VERSION, oldest: OLDEST_PROTOCOL_VERSION };
  return hello.success && negotiateVersion(own, hello.data) === undefined;
}

// Only what fits its schema: an answer that echoes anything else would itself be refused by the client's codec.
function reference(value: object): Pick<DecodeFailure, 'id' | 'request' | 'ids'> {
  if ('id' in value) {
    const id = OperationId.safeParse(value.id);
    return id.success ? { id: id.data } : {};
  }
  if ('request' in value) {
    const request = Seq.safeParse(value.request);
    return request.success ? { request: request.data } : {};
  }
  const ids = 'messages' in value && Array.isArray(value.messages) ? idsOf(value.messages) : [];
  return ids.length > 0 ? { ids } : {};
}

function idsOf(messages: readonly unknown[]): OperationId[] {
  const ids = new Set<OperationId>();
  for (const message of messages.slice(0, SEND_MAX_MESSAGES)) {
    if (typeof message !== 'object' || message === null || !('id' in message)) continue;
    const id = OperationId.safeParse(message.id);
    if (id.success) ids.add(id.data);
  }
  return [...ids];
}

// Only paths of the schema are named; keys that the peer made up are not echoed.
function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'does not fit';
  const path = issue.path.map(String).join('.') || 'frame';
  return issue.code === 'unrecognized_keys' ? `${path}: unknown field` : `${path}: ${issue.code}`;
}

/** A scan over brackets outside strings, so that hostile nesting is refused before JSON.parse spends time on it. */
function isDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x7b || unit === 0x5b) {
      depth += 1;
      if (depth > most) return true;
    } else if (unit === 0x7d || unit === 0x5d) depth -= 1;
  }
  return false;
}
