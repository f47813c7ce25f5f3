import * as z from 'zod/mini';

/**
 * One of the codes of a table. A code that a newer peer sent reads as `internal`, because a refusal that cannot be read
 * would leave its sender waiting for ever.
 */
export function codeOf<Code extends string>(codes: readonly [Code | 'internal', ...(Code | 'internal')[]]) {
  const known: ReadonlySet<unknown> = new Set(codes);
  const read = (code: unknown): unknown => (typeof code === 'string' && !known.has(code) ? 'internal' : code);
  return z.pipe(z.transform(read), z.enum(codes));
}
