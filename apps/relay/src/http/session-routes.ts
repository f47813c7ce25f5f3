/** Signing in, being asked who one is, signing out. Guests: a name is all it takes. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type HttpError,
  type IssuedToken,
  makeOperationId,
  makeUserId,
  normalizeName,
  SESSION_PATH,
  type SignedIn,
  SignInSchema,
  TOKEN_PATH,
} from '@parley/protocol';
import type { Environment } from '../environment.ts';
import { encodeBody, makeHead } from '../log/record.ts';
import type { Operations } from '../session/operations.ts';
import type { Identity } from '../session/session.ts';
import type { BucketSettings } from '../session/token-bucket.ts';
import type { UserLimits } from '../session/user-limits.ts';
import type { ViewQueries } from '../view/queries.ts';
import { type Authentication, cookieName, isSecure } from './authentication.ts';
import { SESSION_LIFETIME_MS, type SessionTokens } from './session-token.ts';

/** A cookie older than this is made anew when its page asks who it is: a day, in milliseconds. */
const RENEW_AFTER_MS = 24 * 60 * 60 * 1000;

/** New names of one user: each is told to everybody who is connected, on every node. */
export const RENAMES: BucketSettings = { perSecond: 1 / 60, burst: 3 };

export interface SessionRoutesOptions {
  environment: Environment;
  authentication: Authentication;
  tokens: SessionTokens;
  /** What the node can do at the moment of the call; undefined while it is not ready. */
  node(): { operations: Operations; queries: ViewQueries } | undefined;
  /** By address. */
  signIns: UserLimits;
  /** By user. */
  renames: UserLimits;
}

export function sessionRoutes(app: FastifyInstance, options: SessionRoutesOptions): void {
  const { authentication, tokens } = options;

  app.post(SESSION_PATH, async (request, reply) => {
    if (!authentication.isAllowedOrigin(request)) return refuse(reply, 403, 'origin_not_allowed');
    const identity = await signIn(options, request, reply, authentication.cookieIdentity(request)?.user);
    if (identity === undefined) return reply;
    setCookie(request, reply, tokens.issue(identity));
    return reply.send({ user: { id: identity.user, name: identity.name } } satisfies SignedIn);
  });

  app.get(SESSION_PATH, async (request, reply) => {
    const identity = authentication.anyIdentity(request);
    if (identity === undefined) return refuse(reply, 401, 'not_signed_in');
    // The name of now, which another device may have changed since this cookie was made.
    const user = options.node()?.queries.user(identity.user) ?? { id: identity.user, name: identity.name };
    renewCookie(options, request, reply, user.name);
    return reply.send({ user } satisfies SignedIn);
  });

  app.delete(SESSION_PATH, async (request, reply) => {
    if (!authentication.isAllowedOrigin(request)) return refuse(reply, 403, 'origin_not_allowed');
    reply.clearCookie(cookieName(request), {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: isSecure(request),
    });
    // What a shared computer must not keep.
    reply.header('clear-site-data', '"storage"');
    return reply.code(204).send();
  });

  app.post(TOKEN_PATH, async (request, reply) => {
    // A page has the cookie; a token that a script could read would only be one to steal.
    if (request.headers.origin !== undefined) return refuse(reply, 403, 'origin_not_allowed');
    const identity = await signIn(options, request, reply, undefined);
    if (identity === undefined) return reply;
    return reply.send({
      user: { id: identity.user, name: identity.name },
      token: tokens.issue(identity),
    } satisfies IssuedToken);
  });
}

function setCookie(request: FastifyRequest, reply: FastifyReply, token: string): void {
  reply.setCookie(cookieName(request), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure(request),
    maxAge: Math.floor(SESSION_LIFETIME_MS / 1000),
  });
}

// A guest is the cookie: whoever keeps coming must not become somebody else when the first one ends.
function renewCookie(options: SessionRoutesOptions, request: FastifyRequest, reply: FastifyReply, name: string): void {
  const identity = options.authentication.cookieIdentity(request);
  if (identity === undefined || request.headers.authorization !== undefined) return;
  const expiresAtMs = Math.floor(options.environment.clock.wallMs()) + SESSION_LIFETIME_MS;
  if (expiresAtMs - identity.expiresAtMs < RENEW_AFTER_MS) return;
  setCookie(request, reply, options.tokens.issue({ ...identity, name, expiresAtMs }));
}

/** Writes the name to the log and waits until this node shows it. Undefined: refused, and the reply is sent. */
async function signIn(
  options: SessionRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  existing: string | undefined,
): Promise<Identity | undefined> {
  const { environment } = options;
  const body = SignInSchema.safeParse(request.body);
  if (!body.success) return refused(reply, 400, 'invalid_request');
  const name = normalizeName(body.data.name);
  if (name === undefined) return refused(reply, 400, 'invalid_name');
  const waitMs =
    options.signIns.take(networkOf(request.ip), 1) || (existing === undefined ? 0 : options.renames.take(existing, 1));
  if (waitMs > 0) return refused(reply, 429, 'rate_limited', waitMs);
  const node = options.node();
  if (node === undefined) return refused(reply, 503, 'unavailable');
  const user = existing ?? makeUserId(environment.random);
  const at = Math.floor(environment.clock.wallMs());
  const id = makeOperationId(environment.clock, environment.random);
  const head = makeHead('userNamed', { id, author: user, at });
  const result = await node.operations.run({ key: user, head, body: encodeBody<'userNamed'>({ name }) });
  if (!result.ok) return refused(reply, 503, 'unavailable');
  return { user, name, expiresAtMs: at + SESSION_LIFETIME_MS };
}

/** Whom a limit by address means: one IPv4 address, or the /64 that an IPv6 customer has to himself. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array.from({ length: gap }, () => '0'), ...back];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

async function refused(...refusal: Parameters<typeof refuse>): Promise<undefined> {
  await refuse(...refusal);
  return undefined;
}

/** @param retryAfterMs With a 429 or a 503: when to come back, in milliseconds, perhaps to another node. */
export function refuse(
  reply: FastifyReply,
  status: number,
  code: HttpError['code'],
  retryAfterMs = 1_000,
): FastifyReply {
  reply.header('cache-control', 'no-store');
  if (status === 429 || status === 503) reply.header('retry-after', String(Math.ceil(retryAfterMs / 1_000)));
  return reply.code(status).send({ code } satisfies HttpError);
}
