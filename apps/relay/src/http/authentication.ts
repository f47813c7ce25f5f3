/** Who is asking, and from which page: the cookie of a browser, the Bearer token of a program, the Origin of both. */
import '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '@parley/protocol/environment';
import type { Identity } from '../session/session.ts';
import type { SessionTokens } from './session-token.ts';

/** `__Host-` binds the cookie to this very host, which browsers grant only over TLS. */
export function cookieName(request: FastifyRequest): string {
  return isSecure(request) ? '__Host-parley' : 'parley';
}

export function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}

export type Authenticated =
  | { ok: true; identity: Identity }
  | { ok: false; status: 401 | 403; code: 'not_signed_in' | 'origin_not_allowed' };

export class Authentication {
  readonly #tokens: SessionTokens;
  readonly #clock: Clock;
  readonly #allowedOrigins: ReadonlySet<string>;

  constructor(options: { tokens: SessionTokens; clock: Clock; allowedOrigins: ReadonlySet<string> }) {
    this.#tokens = options.tokens;
    this.#clock = options.clock;
    this.#allowedOrigins = options.allowedOrigins;
  }

  /** Exact, as a browser writes it. Programs send none. */
  isAllowedOrigin(request: FastifyRequest): boolean {
    const { origin } = request.headers;
    return origin === undefined || this.#allowedOrigins.has(origin);
  }

  /** The one who is signed in, by cookie. */
  cookieIdentity(request: FastifyRequest): Identity | undefined {
    const cookie = request.cookies[cookieName(request)];
    return cookie === undefined ? undefined : this.#tokens.read(cookie, this.#clock.wallMs());
  }

  /** The one who is signed in, by cookie or by token: for a question that changes nothing. */
  anyIdentity(request: FastifyRequest): Identity | undefined {
    const bearer = bearerOf(request);
    return bearer === undefined ? this.cookieIdentity(request) : this.#tokens.read(bearer, this.#clock.wallMs());
  }

  /** For the upgrade: another site's page must not open a socket with our cookie, so a cookie counts only with our Origin. */
  authenticate(request: FastifyRequest): Authenticated {
    if (!this.isAllowedOrigin(request)) return { ok: false, status: 403, code: 'origin_not_allowed' };
    const needsOrigin = bearerOf(request) === undefined;
    if (needsOrigin && request.headers.origin === undefined)
      return { ok: false, status: 403, code: 'origin_not_allowed' };
    return answer(this.anyIdentity(request));
  }
}

// Any token, however wrong, is a try to be let in as a program, and is answered as one.
function bearerOf(request: FastifyRequest): string | undefined {
  const given = /^Bearer(?: (.*))?$/i.exec(request.headers.authorization ?? '');
  return given === null ? undefined : (given[1]?.trim() ?? '');
}

function answer(identity: Identity | undefined): Authenticated {
  return identity === undefined ? { ok: false, status: 401, code: 'not_signed_in' } : { ok: true, identity };
}
