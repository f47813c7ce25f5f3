const CJK = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;

const segmenter = new Intl.Segmenter();
// As people count them: a joined emoji is one.
const characters = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

/** What an avatar shows: the last character of a Chinese, Japanese or Korean name, else the first letters of two words. */
export function initialsOf(name: string): string {
  const last = characters(name.trim()).at(-1);
  if (last !== undefined && CJK.test(last)) return last;
  const words = name
    .trim()
    .split(/[\s\-_.]+/u)
    .filter(Boolean);
  const first = characters(words[0] ?? '')[0] ?? '?';
  const second = words.length > 1 ? (characters(words.at(-1) ?? '')[0] ?? '') : '';
  return (first + second).toLocaleUpperCase();
}

/** One of twelve hues in degrees, the same for an id everywhere. */
export function hueOf(id: string): number {
  let hash = 0;
  for (let at = 0; at < id.length; at += 1) hash = (hash * 31 + id.charCodeAt(at)) >>> 0;
  return (hash % 12) * 30 + 15;
}
