import * as z from 'zod/mini';
import { NAME_MAX_CODE_POINTS, NAME_MAX_TYPED_UNITS, TEXT_MAX_BYTES, TEXT_MAX_CODE_POINTS } from './limits.ts';

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
  // Most texts are far below both limits: the length in UTF-16 units, each at most three bytes, decides without counting.
  if (text.length <= TEXT_MAX_CODE_POINTS && text.length * 3 <= TEXT_MAX_BYTES) return true;
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

/** Any other free text: searches, cursors, details. At most `most` UTF-16 units, no U+0000, no lone surrogate. */
export const cleanText = (most: number) => z.string().check(z.maxLength(most), z.refine(isCleanText, 'not text'));

// Whole emoji, with the joiners, variation selectors and tags that are invisible anywhere else.
const EMOJI = /\p{RGI_Emoji}/gv;
// A variation selector that NFKC left behind when it turned an emoji into letters (TM, i), or that was never part of one.
const EMOJI_OR_SELECTOR = /(\p{RGI_Emoji})|[\uFE00-\uFE0F]/gv;
// Control, format, private, unassigned, line breaks, and whatever else a font draws nothing for.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/**
 * A name that somebody typed, as it is stored and shown: NFKC, white space folded and trimmed. Undefined when nothing
 * visible would be left, when it is too long, or when it holds invisible, private or unassigned characters, with which one
 * name can be made to look like another. Normalising a normalised name changes nothing.
 */
export function normalizeName(typed: string): string | undefined {
  if (typed.length > NAME_MAX_TYPED_UNITS || !isCleanText(typed)) return undefined;
  const plain = typed.normalize('NFKC').replace(EMOJI_OR_SELECTOR, '$1').normalize('NFKC');
  const name = plain.replace(/\s+/gu, ' ').trim();
  if (!VISIBLE.test(name) || countCodePoints(name) > NAME_MAX_CODE_POINTS) return undefined;
  return INVISIBLE.test(name.replace(EMOJI, '')) ? undefined : name;
}

/** A user's or room's name as a client sends it: already normalised. */
export const Name = z.string().check(z.refine((name) => normalizeName(name) === name, 'not a normalised name'));

/**
 * A name as a relay sends it. The relay has checked it by the Unicode tables of its own build; a browser with older ones
 * would refuse a newly assigned character and lose the whole frame.
 */
export const KnownName = cleanText(NAME_MAX_CODE_POINTS * 2).check(z.minLength(1));
