import type { ChatClient } from '@parley/client';
import { readLocal, writeLocal } from '../lib/local.ts';
import { type Store, createStore } from '../lib/store.ts';

/** What the page needs of the relay before and after there is a client. */
export interface Backend {
  /** Whether this browser is signed in. Rejects when nobody answers. */
  isSignedIn(): Promise<boolean>;
  /** Signs in, or renames who is signed in. Rejects with SignInRefused, or otherwise when nobody answers. */
  signIn(name: string): Promise<void>;
  signOut(): Promise<void>;
  /** Forgets what this browser keeps of whoever was signed in. */
  forget(): Promise<void>;
  /** A client for who is signed in; not started yet. */
  open(): ChatClient;
}

/** The relay said no to a name. */
export class SignInRefused extends Error {
  readonly reason: 'invalid_name' | 'rate_limited';
  constructor(reason: 'invalid_name' | 'rate_limited') {
    super(reason);
    this.name = 'SignInRefused';
    this.reason = reason;
  }
}

export type Session =
  | { readonly phase: 'checking' }
  | { readonly phase: 'signedOut'; readonly ended: boolean }
  | { readonly phase: 'signedIn'; readonly client: ChatClient };

interface Kept {
  store: Store<Session>;
  backend: Backend | undefined;
}

// An edit in development replaces modules, but must not close the socket: the session outlives them.
const kept: Kept = (import.meta.hot?.data['session'] as Kept | undefined) ?? {
  store: createStore<Session>({ phase: 'checking' }),
  backend: undefined,
};
if (import.meta.hot !== undefined) {
  import.meta.hot.data['session'] = kept;
  import.meta.hot.accept();
}

export const sessionStore: Store<Session> = kept.store;

// Says that this browser has been signed in before; without it nobody is asked, and a name is all it takes. The cookie
// decides.
const HINT = 'signedIn';

/** Finds out whether this browser is signed in, and opens the client if so. */
export async function startSession(backend: Backend): Promise<void> {
  if (kept.backend !== undefined) return;
  kept.backend = backend;
  if (readLocal(HINT) === undefined) return sessionStore.set({ phase: 'signedOut', ended: false });
  try {
    if (await backend.isSignedIn()) open(backend);
    else end();
  } catch {
    // Nobody answers: whoever was here before goes on with what this browser keeps, and the client tries again.
    open(backend);
  }
}

export async function signIn(name: string): Promise<void> {
  const backend = required();
  await backend.signIn(name);
  open(backend);
}

export async function rename(name: string): Promise<void> {
  await required().signIn(name);
}

/** Ends the sign-in and leaves nothing behind: the page begins anew. Rejects when nobody answers. */
export async function signOut(): Promise<void> {
  const session = sessionStore.get();
  const backend = required();
  await backend.signOut();
  writeLocal(HINT, undefined);
  if (session.phase === 'signedIn') await session.client.stop();
  // The relay's answer has the browser clear its storage too, which may close the database under us.
  await backend.forget().catch(() => undefined);
  history.replaceState(null, '', location.pathname);
  location.reload();
}

function open(backend: Backend): void {
  const client = backend.open();
  client.onEvent((event) => {
    if (event.type !== 'connection' || event.connection.status !== 'stopped') return;
    const { code } = event.connection;
    if (code === 'not_signed_in' || code === 'session_expired') end();
  });
  client.start();
  writeLocal(HINT, '1');
  sessionStore.set({ phase: 'signedIn', client });
}

function end(): void {
  writeLocal(HINT, undefined);
  sessionStore.set({ phase: 'signedOut', ended: true });
}

function required(): Backend {
  if (kept.backend === undefined) throw new Error('startSession comes first');
  return kept.backend;
}
