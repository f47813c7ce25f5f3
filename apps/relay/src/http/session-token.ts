/** A signed sign-in: who, under which name, until when. Says nothing of rights; those are in the log. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { NameSchema, UserIdSchema } from '@parley/protocol';
import * as z from 'zod';
import type { Identity } from '../session/session.ts';

const Claims = z.object({ u: UserIdSchema, n: NameSchema, e: z.number().int() });

/** A sign-in ends after this, in milliseconds: thirty days. */
export const SESSION_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;

export class SessionTokens {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  issue(identity: Identity): string {
    const claims: z.infer<typeof Claims> = { u: identity.user, n: identity.name, e: identity.expiresAtMs };
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return `${payload}.${this.#sign(payload).toString('base64url')}`;
  }

  /** Undefined for anything that this cluster did not sign, and for what has expired. */
  read(token: string, nowMs: number): Identity | undefined {
    if (!/^[\w-]{1,1024}\.[\w-]{43}$/.test(token)) return undefined;
    const [payload = '', signature = ''] = token.split('.');
    const given = Buffer.from(signature, 'base64url');
    const expected = this.#sign(payload);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const claims = Claims.safeParse(parse(payload));
    if (!claims.success || claims.data.e <= nowMs) return undefined;
    return { user: claims.data.u, name: claims.data.n, expiresAtMs: claims.data.e };
  }

  #sign(payload: string): Buffer {
    return createHmac('sha256', this.#secret).update(payload).digest();
  }
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return undefined;
  }
}
