import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  ClientFrameSchema,
  decodeClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  encodeRelayFrame,
  HttpErrorSchema,
  IssuedTokenSchema,
  PROTOCOL_VERSION,
  RelayFrameSchema,
  SignedInSchema,
  SignInSchema,
} from '../src/index.ts';

const GOLDEN = new URL('golden/', import.meta.url);

function fixturesOf(side: 'client' | 'relay'): { type: string; frames: Record<string, unknown>[] }[] {
  const folder = new URL(`${side}/`, GOLDEN);
  const frames = z.array(z.looseObject({ type: z.string() }));
  return readdirSync(folder).map((file) => ({
    type: file.replace('.json', ''),
    frames: frames.parse(JSON.parse(readFileSync(new URL(file, folder), 'utf8'))),
  }));
}

const typesOf = (union: typeof ClientFrameSchema | typeof RelayFrameSchema): string[] =>
  union.def.options.flatMap((option) => option.def.shape.type.def.values);

/** What a client of the first version sent, and what it read, is read for as long as that version is spoken. */
describe('golden frames', () => {
  it('there is a fixture for every frame, and none for a frame that is gone', () => {
    expect(fixturesOf('client').map(({ type }) => type)).toEqual(typesOf(ClientFrameSchema).toSorted());
    expect(fixturesOf('relay').map(({ type }) => type)).toEqual(typesOf(RelayFrameSchema).toSorted());
  });

  it.each(fixturesOf('client'))('client → relay: $type', ({ type, frames }) => {
    for (const frame of frames) {
      const decoded = decodeClientFrame(JSON.stringify(frame));
      expect(decoded).toMatchObject({ ok: true, frame: { type } });
      if (!decoded.ok) continue;
      expect(frame).toMatchObject(JSON.parse(encodeClientFrame(decoded.frame)));
    }
  });

  it.each(fixturesOf('relay'))('relay → client: $type', ({ frames }) => {
    for (const frame of frames) {
      const decoded = decodeRelayFrame(JSON.stringify(frame));
      expect(decoded).toEqual({ ok: true, frame });
      if (decoded.ok) expect(JSON.parse(encodeRelayFrame(decoded.frame))).toEqual(frame);
    }
  });
});

describe('the version', () => {
  it('R10: a change of any schema is a decision, written down in version.ts', () => {
    const http = { SignInSchema, SignedInSchema, IssuedTokenSchema, HttpErrorSchema };
    const schemas = { ClientFrameSchema, RelayFrameSchema, ...http };
    const shapes = Object.values(schemas).map((schema) => z.toJSONSchema(schema, { unrepresentable: 'any' }));
    const fingerprint = createHash('sha256').update(JSON.stringify(shapes)).digest('hex').slice(0, 8);

    const source = readFileSync(new URL('../src/version.ts', import.meta.url), 'utf8');
    const history = source.matchAll(/^ \* +(?<version>\d+) +\d{4}-\d{2} +(?<schemas>[0-9a-f]{8}) {2}\S/gm);
    const last = [...history].at(-1)?.groups;
    expect(last, `version.ts: add a line with ${fingerprint}, and bump if an old peer would misread it`).toEqual({
      version: String(PROTOCOL_VERSION),
      schemas: fingerprint,
    });
  });
});
