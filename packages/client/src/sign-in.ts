import {
  HttpErrorSchema,
  type HttpError,
  type IssuedToken,
  IssuedTokenSchema,
  SESSION_PATH,
  type SignIn,
  SignedInSchema,
  SOCKET_PATH,
  TOKEN_PATH,
  type User,
} from '@parley/protocol';
import { httpUrl } from './urls.ts';

/** What of `fetch` is used; the platform's own fits. */
export type FetchLike = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; credentials?: 'same-origin' },
) => Promise<{ readonly status: number; json(): Promise<unknown> }>;

/** An HTTP request that the relay refused, or that something between here and there answered (`unavailable`). */
export class HttpRefusedError extends Error {
  readonly code: HttpError['code'];
  readonly status: number;
  constructor(status: number, code: HttpError['code'], detail?: string) {
    super(detail === undefined ? code : `${code}: ${detail}`);
    this.name = 'HttpRefusedError';
    this.status = status;
    this.code = code;
  }
}

const platformFetch: FetchLike = (url, init) => fetch(url, init);

/**
 * Signs a browser in under this name, or renames who is signed in; the session is a cookie that scripts cannot read.
 * @throws HttpRefusedError; TypeError when the relay cannot be reached.
 */
export async function signIn(baseUrl: string, name: string, request: FetchLike = platformFetch): Promise<User> {
  const { status, body } = await exchange(request, httpUrl(baseUrl, SESSION_PATH), post({ name }));
  const answer = SignedInSchema.safeParse(body);
  if (status !== 200 || !answer.success) throw refusal(status, body);
  return answer.data.user;
}

/** Who is signed in, or undefined. @throws HttpRefusedError for every other answer; TypeError when none came. */
export async function whoAmI(baseUrl: string, request: FetchLike = platformFetch): Promise<User | undefined> {
  const { status, body } = await exchange(request, httpUrl(baseUrl, SESSION_PATH), plain('GET'));
  if (status === 401) return undefined;
  const answer = SignedInSchema.safeParse(body);
  if (status !== 200 || !answer.success) throw refusal(status, body);
  return answer.data.user;
}

/** Ends the browser's session. What a storage holds is cleared by its own `clear`. */
export async function signOut(baseUrl: string, request: FetchLike = platformFetch): Promise<void> {
  const { status, body } = await exchange(request, httpUrl(baseUrl, SESSION_PATH), plain('DELETE'));
  if (status >= 300 && status !== 401) throw refusal(status, body);
}

/**
 * Signs a program in under this name: the token goes into `createChatClient({ token })`.
 * @throws HttpRefusedError; TypeError when the relay cannot be reached.
 */
export async function requestToken(
  baseUrl: string,
  name: string,
  request: FetchLike = platformFetch,
): Promise<IssuedToken> {
  const { status, body } = await exchange(request, httpUrl(baseUrl, TOKEN_PATH), post({ name }));
  const answer = IssuedTokenSchema.safeParse(body);
  if (status !== 200 || !answer.success) throw refusal(status, body);
  return answer.data;
}

/**
 * Whether the relay says that this sign-in is over. Why an upgrade failed cannot be seen, so it is asked: a cookie where the
 * session is told, a token where the socket would be opened, which checks it before anything else. Everything but a clear
 * 401 is no: a node that is down must not sign anybody out.
 */
export async function isSignedOut(
  baseUrl: string,
  token: string | undefined,
  request: FetchLike = platformFetch,
): Promise<boolean> {
  const { headers, ...init } = plain('GET');
  const path = token === undefined ? SESSION_PATH : SOCKET_PATH;
  const all = token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` };
  try {
    const { status } = await request(httpUrl(baseUrl, path), { ...init, headers: all });
    return status === 401;
  } catch {
    return false;
  }
}

const plain = (method: string) => ({
  method,
  credentials: 'same-origin' as const,
  headers: { accept: 'application/json' },
});

function post(body: SignIn) {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return { method: 'POST', credentials: 'same-origin' as const, headers, body: JSON.stringify(body) };
}

async function exchange(request: FetchLike, url: string, init: Parameters<FetchLike>[1]) {
  const response = await request(url, init);
  // A proxy's error page is not JSON, and 204 has no body.
  const body = await response.json().catch(() => undefined);
  return { status: response.status, body };
}

function refusal(status: number, body: unknown): HttpRefusedError {
  const error = HttpErrorSchema.safeParse(body);
  if (error.success) return new HttpRefusedError(status, error.data.code, error.data.detail);
  return new HttpRefusedError(status, 'unavailable', `HTTP ${status}`);
}
