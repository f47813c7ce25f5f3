import * as z from 'zod/mini';
import { NAME_MAX_CODE_POINTS, TEXT_MAX_BYTES, TEXT_MAX_CODE_POINTS } from './limits.ts';

/** Code points in a well-formed string; what a person would call its length, short of joined emoji. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // The second half of a pair was counted with the first.
    if (unit < 0xdc00 || unit > 0xdfff) count += 1;
  }
  return count;
}

/** Bytes of a well-formed string in UTF-8, without encoding it. */
export function countUtf8Bytes(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    // Each half of a surrogate pair carries two of its four bytes.
    else if (unit >= 0xd800 && unit <= 0xdfff) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}

/** No U+0000 (databases and C strings end there) and no lone surrogate (not encodable in UTF-8). */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

function fitsText(text: string): boolean {
  // Most texts are far below both limits: the length in UTF-16 units decides without counting.
  if (text.length * 3 <= TEXT_MAX_BYTES && text.length <= TEXT_MAX_CODE_POINTS) return true;
  return countCodePoints(text) <= TEXT_MAX_CODE_POINTS && countUtf8Bytes(text) <= TEXT_MAX_BYTES;
}

/** What is wrong with a message text, or undefined when it can be sent. The composer asks before the relay has to. */
export function checkText(text: string): 'empty' | 'too_long' | 'not_text' | undefined {
  if (!isCleanText(text)) return 'not_text';
  if (text.trim() === '') return 'empty';
  return fitsText(text) ? undefined : 'too_long';
}

/** A message's text: not blank, within TEXT_MAX_CODE_POINTS and TEXT_MAX_BYTES, no U+0000, no lone surrogate. */
export const MessageText = z.string().check(z.refine((text) => checkText(text) === undefined, 'not a message text'));

/**
 * A name that somebody typed, as it is stored and shown: NFKC, white space folded and trimmed. Undefined when nothing
 * would be left, when it is too long, or when it holds control, format, private or unassigned characters, with which one
 * name can be made to look like another.
 */
export function normalizeName(typed: string): string | undefined {
  if (!isCleanText(typed)) return undefined;
  const name = typed.normalize('NFKC').replace(/\s+/gu, ' ').trim();
  if (name === '' || countCodePoints(name) > NAME_MAX_CODE_POINTS) return undefined;
  // U+200D joins emoji; outside of emoji it is invisible like the others.
  const visible = name.replace(/(\p{Extended_Pictographic}\uFE0F?)\u200D(?=\p{Extended_Pictographic})/gu, '$1');
  return /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/u.test(visible) ? undefined : name;
}

/** A user's or room's name as it travels: already normalised. */
export const Name = z.string().check(z.refine((name) => normalizeName(name) === name, 'not a normalised name'));
