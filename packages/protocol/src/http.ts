import * as z from 'zod/mini';
import { codeOf } from './code.ts';
import { DETAIL_MAX_UNITS } from './limits.ts';
import { User } from './people.ts';
import { cleanText } from './text.ts';

/** WebSocket endpoint of a relay. */
export const SOCKET_PATH = '/ws';
/** POST signs a browser in or renames the one signed in; GET says who is signed in; DELETE signs out. Cookie. */
export const SESSION_PATH = '/api/session';
/** POST signs a program in and answers with a token for `Authorization: Bearer`. Refused to browsers. */
export const TOKEN_PATH = '/api/token';

/** Body of POST to SESSION_PATH and TOKEN_PATH. The relay normalises the name (see normalizeName). */
export const SignIn = z.strictObject({ name: z.string() });
export type SignIn = z.infer<typeof SignIn>;

/** Answer of SESSION_PATH. */
export const SignedIn = z.object({ user: User });
export type SignedIn = z.infer<typeof SignedIn>;

/** Answer of TOKEN_PATH. */
export const IssuedToken = z.object({ user: User, token: z.string() });
export type IssuedToken = z.infer<typeof IssuedToken>;

/** Every refusal of an HTTP request, with its status. */
export const HTTP_ERRORS = {
  invalid_name: { status: 400, meaning: 'The name is empty, too long or holds characters that are not shown.' },
  invalid_request: { status: 400, meaning: 'The body is not what the path takes.' },
  not_signed_in: { status: 401, meaning: 'No cookie or token, or one that has ended.' },
  origin_not_allowed: { status: 403, meaning: 'The Origin is missing or not one of this service.' },
  not_found: { status: 404, meaning: 'No such path.' },
  rate_limited: { status: 429, meaning: 'Too many in too short a time; wait `Retry-After` seconds.' },
  internal: { status: 500, meaning: 'The relay failed to handle the request; the cause is in its log.' },
  unavailable: {
    status: 503,
    meaning: 'This node takes no sockets now or cannot write the log; wait `Retry-After` seconds.',
  },
} as const satisfies Record<string, { status: number; meaning: string }>;

export type HttpErrorCode = keyof typeof HTTP_ERRORS;

const HTTP_ERROR_CODES = Object.keys(HTTP_ERRORS) as [HttpErrorCode, ...HttpErrorCode[]];

/** Answer to a refused HTTP request. Codes only, never a stack. */
export const HttpError = z.object({
  code: codeOf(HTTP_ERROR_CODES),
  detail: z.optional(cleanText(DETAIL_MAX_UNITS)),
});
export type HttpError = z.infer<typeof HttpError>;
