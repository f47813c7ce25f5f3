import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkText,
  countCodePoints,
  countUtf8Bytes,
  isCleanText,
  MessageTextSchema,
  NAME_MAX_CODE_POINTS,
  NameSchema,
  normalizeName,
  TEXT_MAX_BYTES,
  TEXT_MAX_CODE_POINTS,
} from '../src/index.ts';
import { anyText } from './arbitraries.ts';

describe('message text', () => {
  it('counts code points and bytes as the platform does', () => {
    fc.assert(
      fc.property(anyText.filter(isCleanText), (text) => {
        expect(countCodePoints(text)).toBe(Array.from(text).length);
        expect(countUtf8Bytes(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
  });

  it.each([
    ['ASCII', 'a'],
    ['two bytes', 'é'],
    ['three bytes', '中'],
    ['outside the BMP', '😀'],
  ])('R4: the longest text of %s fits, one code point more does not', (_, unit) => {
    const longest = unit.repeat(TEXT_MAX_CODE_POINTS);
    expect(countUtf8Bytes(longest)).toBeLessThanOrEqual(TEXT_MAX_BYTES);
    expect(checkText(longest)).toBeUndefined();
    expect(checkText(longest + unit)).toBe('too_long');
  });

  it('agrees with the schema, whatever was typed', () => {
    fc.assert(
      fc.property(anyText, (text) => MessageTextSchema.safeParse(text).success === (checkText(text) === undefined)),
    );
  });

  it.each([
    ['', 'empty'],
    [' \n\t\u3000', 'empty'],
    ['a\0b', 'not_text'],
    ['a\ud83d', 'not_text'],
    ['\ude00a', 'not_text'],
    ['\ude00\ud83d', 'not_text'],
  ])('refuses %j as %s', (text, reason) => expect(checkText(text)).toBe(reason));

  it('keeps what people write: line breaks, emoji, any script', () => {
    for (const text of ['a\nb', '👩🏽‍🚀', 'שלום', '你好，世界', '\u202emirror', '{"type":"send"}'])
      expect(checkText(text)).toBeUndefined();
  });
});

describe('names', () => {
  it('R5: normalising twice is normalising once, and what it gives fits the schema', () => {
    fc.assert(
      fc.property(anyText, (typed) => {
        const name = normalizeName(typed);
        if (name === undefined) return;
        expect(normalizeName(name)).toBe(name);
        expect(NameSchema.safeParse(name).success).toBe(true);
        expect(countCodePoints(name)).toBeLessThanOrEqual(NAME_MAX_CODE_POINTS);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['  Ann \u00a0 Lee\n', 'Ann Lee'],
    ['Ａｎｎ', 'Ann'],
    ['e\u0301', '\u00e9'],
    ['e\ufe0f\u0301', '\u00e9'],
    ['小明', '小明'],
    ['👩🏽‍🚀', '👩🏽‍🚀'],
    ['👨‍👩‍👧 family', '👨‍👩‍👧 family'],
    ['I ❤️ tea', 'I ❤️ tea'],
    ['1️⃣', '1️⃣'],
    ['™️', 'TM'],
    ['__proto__', '__proto__'],
  ])('reads %j as %j', (typed, name) => expect(normalizeName(typed)).toBe(name));

  it.each([
    ['nothing', ' \u00a0 '],
    ['only a combining mark', '\u0301'],
    ['a zero width space', 'ad\u200bmin'],
    ['a joiner outside of an emoji', 'ad\u200dmin'],
    ['a right-to-left override', '\u202enimda'],
    ['a soft hyphen', 'ad\u00admin'],
    ['a Hangul filler', 'admin\u3164'],
    ['a blank braille cell', 'admin\u2800'],
    ['a combining grapheme joiner', 'ad\u034fmin'],
    ['a control character', 'ad\u0007min'],
    ['U+0000', 'a\0'],
    ['a lone surrogate', 'a\ud83d'],
    ['a private character', 'a\ue000'],
    ['an unassigned code point', 'a\u0378'],
    ['too many code points', 'a'.repeat(NAME_MAX_CODE_POINTS + 1)],
    ['too many after NFKC', '\ufdfa'.repeat(5)],
    ['a megabyte', ' '.repeat(1_000_000)],
  ])('refuses %s', (_, typed) => expect(normalizeName(typed)).toBeUndefined());

  it('takes the longest name', () => {
    expect(normalizeName('😀'.repeat(NAME_MAX_CODE_POINTS))).toBe('😀'.repeat(NAME_MAX_CODE_POINTS));
  });
});
