import { describe, expect, test } from 'vitest';
import { linkPieces } from '../src/features/conversation/link-pieces.ts';
import { hueOf, initialsOf } from '../src/lib/initials.ts';
import { pickLocale } from '../src/i18n/pick-locale.ts';
import { hrefTo, parseRoute } from '../src/place.ts';

const links = (text: string) => linkPieces(text).flatMap((piece) => (piece.href === undefined ? [] : [piece.text]));

describe('links in a text', () => {
  test('joined again the pieces are the text', () => {
    for (const text of [
      '',
      'a',
      'see https://a.example/b?c=d#e, and http://x.example.',
      'https://',
      '看https://a.example/路。',
    ])
      expect(
        linkPieces(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
  });

  test('only http and https', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://a.example mailto:a@b.example')).toEqual([]);
    expect(links('HTTPS://A.example http://b.example')).toEqual(['HTTPS://A.example', 'http://b.example']);
  });

  test('the sentence around a link is not part of it', () => {
    expect(links('(see https://a.example/b).')).toEqual(['https://a.example/b']);
    expect(links('https://a.example/b_(c)')).toEqual(['https://a.example/b_(c)']);
    expect(links('看https://a.example/b，很好')).toEqual(['https://a.example/b']);
  });
});

describe('avatars', () => {
  test('two initials, or the last character of a Chinese name', () => {
    expect(initialsOf('Anna Berg')).toBe('AB');
    expect(initialsOf('tomás')).toBe('T');
    expect(initialsOf('林晓雨')).toBe('雨');
    expect(initialsOf('Wang 建国')).toBe('国');
    expect(initialsOf('👩‍👩‍👧‍👦 family')).toBe('👩‍👩‍👧‍👦F');
    expect(initialsOf('')).toBe('?');
  });

  test('twelve hues, the same for an id each time', () => {
    const hues = new Set(Array.from({ length: 500 }, (_, at) => hueOf(`u_${at}`)));
    expect(hues.size).toBe(12);
    expect(hueOf('u_1')).toBe(hueOf('u_1'));
  });
});

describe('the first language', () => {
  test('the best that the browser asks for and the page has', () => {
    expect(pickLocale(['zh-CN', 'en'])).toBe('zh-CN');
    expect(pickLocale(['zh'])).toBe('zh-CN');
    expect(pickLocale(['zh-Hans-SG'])).toBe('zh-CN');
    expect(pickLocale(['zh-TW'])).toBe('zh-TW');
    expect(pickLocale(['zh-Hant-HK'])).toBe('zh-TW');
    expect(pickLocale(['zh-HK'])).toBe('zh-TW');
    expect(pickLocale(['de', 'fr', 'zh-TW'])).toBe('zh-TW');
    expect(pickLocale(['de-AT', 'en-GB'])).toBe('en');
    expect(pickLocale([])).toBe('en');
  });
});

describe('places', () => {
  const token = 'A'.repeat(22);
  test('an address and its place are one', () => {
    for (const place of [
      { at: 'home' },
      { at: 'conversation', id: `r_${token}`, details: false },
      { at: 'conversation', id: `d_${token}${token}`, details: true },
      { at: 'invite', room: `r_${token}`, token },
      { at: 'brokenInvite' },
    ] as const)
      expect(parseRoute(hrefTo(place))).toEqual(place);
  });

  test('an invite that lost a piece is told from no invite; what stands around it does not matter', () => {
    const whole = `#/invite/r_${token}/${token}`;
    for (const hash of ['#/invite', '#/invite/x/y', whole.slice(0, -1), `${whole}A`, `${whole}_`])
      expect(parseRoute(hash)).toEqual({ at: 'brokenInvite' });
    for (const tail of ['.', ')', '%E3%80%82', '。', '/', ' ', '">'])
      expect(parseRoute(`${whole}${tail}`)).toEqual({ at: 'invite', room: `r_${token}`, token });
  });

  test('anything else is home', () => {
    for (const hash of ['', '#', '#/c/x', `#/c/r_${token}/x`, `#/c/r_${token}"><b>`])
      expect(parseRoute(hash)).toEqual({ at: 'home' });
  });
});
