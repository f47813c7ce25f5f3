import { Fragment } from 'react';
import { linkPieces } from './link-pieces.ts';

/** A message's text, literally. */
export function MessageText({ text }: { text: string }) {
  return linkPieces(text).map((piece) =>
    piece.href === undefined ? (
      <Fragment key={piece.at}>{piece.text}</Fragment>
    ) : (
      <a key={piece.at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
        {piece.text}
      </a>
    ),
  );
}
