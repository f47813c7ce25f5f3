import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ClientFrameSchema,
  decodeClientFrame,
  decodeRelayFrame,
  ERRORS,
  type RelayFrame,
  RelayFrameSchema,
  shouldReconnect,
} from '../src/index.ts';
import { errorRows, frameRows, httpErrorRows, PAGE, sessionLines, tableRows } from './protocol-page.ts';

const firstTwoColumns = (row: string): string => row.split('|').slice(0, 3).join('|') + '|';

describe('PROTOCOL.md', () => {
  it('lists every frame and every field of it, in both directions', () => {
    expect(tableRows('client frames').map(firstTwoColumns)).toEqual(frameRows(ClientFrameSchema));
    expect(tableRows('relay frames').map(firstTwoColumns)).toEqual(frameRows(RelayFrameSchema));
  });

  it('has the table of errors that the code has', () => {
    expect(tableRows('errors')).toEqual(errorRows());
    expect(tableRows('http errors')).toEqual(httpErrorRows());
  });

  it('numbers its rules in order, and tests cite none that is not there', () => {
    const rules = [...PAGE.matchAll(/^- \*\*(R\d+)\*\*/gm)].map(([, rule]) => rule);
    expect(rules).toEqual(rules.map((_, at) => `R${at + 1}`));
    const folder = new URL('./', import.meta.url);
    const tests = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
    for (const file of tests)
      for (const [, rule] of readFileSync(new URL(file, folder), 'utf8').matchAll(/['"](R\d+): /g))
        expect(rules).toContain(rule);
  });
});

const isAnswer = (frame: { type: string }): frame is RelayFrame & { id: string } =>
  frame.type === 'ack' || (frame.type === 'error' && 'id' in frame);

describe('the sample session', () => {
  const lines = sessionLines();
  const read = lines.map(({ from, text }) => (from === 'client' ? decodeClientFrame(text) : decodeRelayFrame(text)));
  const said = (frame: (typeof read)[number]) => (frame.ok ? frame.frame.type : frame.detail);

  it('can be read, line by line', () => {
    expect(lines.length).toBeGreaterThan(12);
    for (const [at, frame] of read.entries()) expect(frame, lines[at]?.text).toMatchObject({ ok: true });
  });

  it('keeps the rules: hello, welcome, conversations, replay, caughtUp; an ack for each id', () => {
    expect(read.slice(0, 5).map(said)).toEqual(['hello', 'welcome', 'conversations', 'entries', 'caughtUp']);
    const frames = read.flatMap((line) => (line.ok ? [line.frame] : []));
    const ids = frames.flatMap((frame) => (frame.type === 'send' ? frame.messages.map(({ id }) => id) : []));
    expect(new Set(frames.filter(isAnswer).map(({ id }) => id))).toEqual(new Set(ids));
  });
});

describe('the error table', () => {
  it('R35: the range of a close code says whether to come back, and agrees with `retryable`', () => {
    for (const { closeCode, retryable } of Object.values(ERRORS))
      if (closeCode !== null) expect(shouldReconnect(closeCode)).toBe(retryable);
    expect([1000, 1001, 1006, 1011, 1012, 1013].every(shouldReconnect)).toBe(true);
    expect([1009, 4500, 4999].some(shouldReconnect)).toBe(false);
  });

  it('no close code means two things', () => {
    const codes = Object.values(ERRORS).flatMap(({ closeCode }) => closeCode ?? []);
    expect(new Set(codes).size).toBe(codes.length);
    for (const code of codes) expect(code).toSatisfy((private_: number) => private_ >= 4000 && private_ <= 4999);
  });
});
