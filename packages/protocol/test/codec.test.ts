import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type DecodeFailure,
  type Decoded,
  decodeClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  encodeRelayFrame,
  ERROR_CODES,
  FRAME_MAX_BYTES,
  HELLO_MAX_HEADS,
  LIST_MAX_ROWS,
  OperationIdSchema,
  WATCH_MAX_USERS,
} from '../src/index.ts';
import { anyText, clientFrame, relayFrame } from './arbitraries.ts';
import { CORPUS } from './corpus.ts';

const CODES: ReadonlySet<DecodeFailure['code']> = new Set([
  'malformed_frame',
  'unknown_frame',
  'invalid_frame',
  'version_unsupported',
  'too_large',
]);

/** What must hold of any answer to any input. */
function isHonest(decoded: Decoded<unknown>): boolean {
  if (decoded.ok) return true;
  const ids = [...(decoded.ids ?? []), ...(decoded.id === undefined ? [] : [decoded.id])];
  return (
    CODES.has(decoded.code) &&
    decoded.detail.length > 0 &&
    decoded.detail.length < 200 &&
    ids.every((id) => OperationIdSchema.safeParse(id).success)
  );
}

const token = (at: number) => `${String(at).padStart(21, '0')}A`;
const entry = { seq: 4, id: '0199c1f0-8a01-7d3e-8f4a-012345678901', author: 'u_Rk3xJ0pYQ2mZ7tq8Nf1aVw', at: 1 };
const entriesWith = (...entries: object[]) =>
  decodeRelayFrame(JSON.stringify({ type: 'entries', conversation: 'r_4nGd2PzWQkqv8yB1cXhT0A', entries, users: [] }));

const padded = (bytes: number) => `${' '.repeat(bytes - 20)}{"type":"idle"      `;

describe('what is sent is what is read', () => {
  it('client → relay', () => {
    fc.assert(
      fc.property(clientFrame, (frame) => {
        expect(decodeClientFrame(encodeClientFrame(frame))).toEqual({ ok: true, frame });
      }),
      { numRuns: 500 },
    );
  });

  it('relay → client', () => {
    fc.assert(
      fc.property(relayFrame, (frame) => {
        expect(decodeRelayFrame(encodeRelayFrame(frame))).toEqual({ ok: true, frame });
      }),
      { numRuns: 500 },
    );
  });

  it('the largest frames of their kind fit', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const heads = Array.from(
      { length: HELLO_MAX_HEADS },
      (_, at) => [`d_${token(at)}${token(at)}`, most] as [string, number],
    );
    const device = `v_${token(0)}`;
    const users = Array.from({ length: WATCH_MAX_USERS }, (_, at) => `u_${token(at)}`);
    expect(
      [
        encodeClientFrame({ type: 'hello', version: 1, oldest: 1, device, epoch: 'e'.repeat(64), heads, idle: true }),
        encodeClientFrame({ type: 'watch', lobby: true, users }),
      ].map((text) => decodeClientFrame(text).ok),
    ).toEqual([true, true]);
    const people = users.slice(0, LIST_MAX_ROWS).map((id) => ({ id, name: '😀'.repeat(64) }));
    expect(decodeRelayFrame(encodeRelayFrame({ type: 'people', request: most, users: people, presences: [] })).ok).toBe(
      true,
    );
  });
});

describe('R6: no input makes the codec throw', () => {
  it.each(CORPUS)('$name', ({ name, text, ...answer }) => {
    const decoded = decodeClientFrame(text);
    expect(decoded, name).toEqual({ ok: false, detail: expect.any(String), ...answer });
    expect(isHonest(decoded)).toBe(true);
    expect(isHonest(decodeRelayFrame(text))).toBe(true);
  });

  it('the corpus names each case once', () => {
    expect(new Set(CORPUS.map(({ name }) => name)).size).toBe(CORPUS.length);
  });

  it('any text, any JSON', () => {
    const garbage = fc.oneof(anyText, fc.json({ maxDepth: 10 }), fc.string({ unit: 'binary', maxLength: 500 }));
    fc.assert(
      fc.property(garbage, (text) => isHonest(decodeClientFrame(text)) && isHonest(decodeRelayFrame(text))),
      { numRuns: 2_000 },
    );
  });

  it('values that are not even text', () => {
    for (const value of [undefined, null, 1, {}, [], Buffer.from('{}'), Symbol('frame')])
      expect(decodeClientFrame(value as never)).toMatchObject({ ok: false, code: 'malformed_frame' });
  });

  it('frames that were cut, spliced and changed in the middle', () => {
    const texts = fc.oneof(clientFrame.map(encodeClientFrame), relayFrame.map(encodeRelayFrame));
    const splice = fc.tuple(texts, fc.nat(), fc.nat({ max: 20 }), anyText).map(([text, at, length, inserted]) => {
      const from = at % (text.length + 1);
      return text.slice(0, from) + inserted + text.slice(from + length);
    });
    fc.assert(
      fc.property(splice, (text) => isHonest(decodeClientFrame(text)) && isHonest(decodeRelayFrame(text))),
      { numRuns: 2_000 },
    );
  });

  it('frames of which one field was left out or replaced', () => {
    const change = fc.tuple(fc.oneof(clientFrame, relayFrame), fc.nat(), fc.option(fc.jsonValue({ maxDepth: 3 })));
    fc.assert(
      fc.property(change, ([frame, at, value]) => {
        const keys = Object.keys(frame).filter((key) => key !== 'type');
        const key = keys[at % Math.max(1, keys.length)] ?? 'none';
        const text = JSON.stringify({ ...frame, [key]: value ?? undefined });
        return isHonest(decodeClientFrame(text)) && isHonest(decodeRelayFrame(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it('an answer never repeats what the peer wrote', () => {
    const key = 'secret-key-made-up';
    const texts = [`{"type":"${key}"}`, `{"type":"ping","n":1,"${key}":1}`, `{"type":"ping","n":"${key}"}`, `${key}{`];
    for (const text of texts) expect(JSON.stringify(decodeClientFrame(text))).not.toContain(key);
  });
});

describe('strictness', () => {
  const key = fc.oneof(
    fc.constantFrom('__proto__', 'constructor', 'toString', 'at', 'author'),
    fc.string({ minLength: 1 }),
  );

  it('R2: a relay refuses unknown fields in every frame but hello', () => {
    fc.assert(
      fc.property(clientFrame, key, (frame, extra) => {
        fc.pre(!Object.hasOwn(frame, extra));
        // Written as text: assigning `__proto__` would set the prototype instead.
        const text = encodeClientFrame(frame).replace(/\}$/, () => `,${JSON.stringify(extra)}:1}`);
        const decoded = decodeClientFrame(text);
        if (frame.type !== 'hello') expect(decoded).toMatchObject({ ok: false, code: 'invalid_frame' });
        else if (decoded.ok) expect(decoded).toEqual({ ok: true, frame });
      }),
      { numRuns: 1_000 },
    );
  });

  it('R3: a client ignores fields that it does not know', () => {
    fc.assert(
      fc.property(relayFrame, (frame) => {
        const text = encodeRelayFrame(frame).replace(/\}$/, ',"fromTheFuture":{"a":1},"__proto__":{"b":1}}');
        expect(decodeRelayFrame(text)).toEqual({ ok: true, frame });
      }),
    );
  });

  it('R3: a client reads an entry of an unknown kind as a place in the sequence', () => {
    expect(
      entriesWith({ ...entry, kind: 'edited', of: 3, text: 'x' }, { ...entry, seq: 5, kind: 'memberLeft' }),
    ).toMatchObject({
      ok: true,
      frame: {
        entries: [
          { ...entry, kind: 'unknown' },
          { seq: 5, kind: 'memberLeft' },
        ],
      },
    });
    expect(entriesWith({ ...entry, kind: 'message' })).toMatchObject({ ok: false });
    expect(entriesWith({ ...entry, seq: 0, kind: 'edited' })).toMatchObject({ ok: false });
    expect(entriesWith({ ...entry, kind: null })).toMatchObject({ ok: false });
  });

  it('R3: a client reads an unknown error code as `internal`, as retryable as the relay said', () => {
    const text = (code: unknown) => JSON.stringify({ type: 'error', code, retryable: false, id: entry.id });
    const frame = { type: 'error', code: 'internal', retryable: false, id: entry.id };
    expect(decodeRelayFrame(text('muted_in_2027'))).toEqual({ ok: true, frame });
    expect(decodeRelayFrame(text(7))).toMatchObject({ ok: false });
    for (const code of ERROR_CODES) expect(decodeRelayFrame(text(code))).toMatchObject({ frame: { code } });
  });

  it('R3: a client reads a name whose characters only the relay knows', () => {
    const unassigned = { id: 'u_Rk3xJ0pYQ2mZ7tq8Nf1aVw', name: 'new\u0378' };
    expect(decodeRelayFrame(JSON.stringify({ type: 'users', users: [unassigned] })).ok).toBe(true);
  });
});

describe('R1: size', () => {
  it('is judged in bytes, before anything is parsed', () => {
    expect(decodeClientFrame(padded(FRAME_MAX_BYTES))).toMatchObject({ code: 'malformed_frame' });
    expect(decodeClientFrame(padded(FRAME_MAX_BYTES + 1))).toMatchObject({ code: 'too_large' });
    const started = performance.now();
    for (let round = 0; round < 20; round += 1) for (const { text } of CORPUS) decodeClientFrame(text);
    const eachMs = (performance.now() - started) / 20 / CORPUS.length;
    console.log(`a bad frame is refused in ${(eachMs * 1000).toFixed(0)} µs on average`);
    expect(eachMs).toBeLessThan(5);
  });
});
