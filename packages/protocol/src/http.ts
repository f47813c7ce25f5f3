import * as z from 'zod/mini';
import { User } from './people.ts';

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

/** Answer to a refused HTTP request. Codes only, never a stack. */
export const HttpError = z.object({
  code: z.enum([
    'invalid_name',
    'invalid_request',
    'origin_not_allowed',
    'not_signed_in',
    'unavailable',
    'rate_limited',
    'not_found',
    'internal',
  ]),
  detail: z.optional(z.string()),
});
export type HttpError = z.infer<typeof HttpError>;
