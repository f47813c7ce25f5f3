// ASCII only: in Chinese text an address ends where the characters go on, without a space.
const ADDRESS = /https?:\/\/[!#-;=?-Z\\_a-z~[\]]+/giu;
const TRAILING = /[.,:;!?'"\])}]+$/u;

export interface Piece {
  /** Where it begins in the text. */
  at: number;
  text: string;
  href?: string;
}

/** Splits a text into plain pieces and links (http and https only). Joined again they are the text, letter by letter. */
export function linkPieces(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = trimAddress(found[0]);
    const href = parseAddress(address);
    if (href === undefined) continue;
    if (found.index > done) pieces.push({ at: done, text: text.slice(done, found.index) });
    pieces.push({ at: found.index, text: address, href });
    done = found.index + address.length;
  }
  if (done < text.length) pieces.push({ at: done, text: text.slice(done) });
  return pieces;
}

function trimAddress(address: string): string {
  const tail = TRAILING.exec(address)?.[0] ?? '';
  const bare = address.slice(0, address.length - tail.length);
  // "(see https://example.org/a_(b))" keeps the bracket that belongs to the address.
  return tail.startsWith(')') && bare.includes('(') ? `${bare})` : bare;
}

function parseAddress(address: string): string | undefined {
  const url = URL.parse(address);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.hostname !== ''
    ? url.href
    : undefined;
}
