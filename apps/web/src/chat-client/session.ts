import type { ChatClient } from '@parley/client';
import { onLocalChange, readLocal, writeLocal } from '../lib/local.ts';
import { type Store, createStore } from '../lib/store.ts';
import { goTo, isDirectPlace } from '../route.ts';

/** What the page needs of the relay before and after there is a client. */
export interface Backend {
  /** The id of who is signed in in this browser. Rejects when nobody answers. */
  whoIsSignedIn(): Promise<string | undefined>;
  /** Signs in, or renames who is signed in, and says who that is. Rejects with SignInRefused, or otherwise when nobody answers. */
  signIn(name: string): Promise<string>;
  signOut(): Promise<void>;
  /** Forgets what this browser keeps of whoever was signed in. */
  forget(): Promise<void>;
  /** A client for who is signed in; not started yet. */
  open(): ChatClient;
}

/** The relay said no: to a name, or for now to everybody. */
export class SignInRefused extends Error {
  readonly reason: 'invalid_name' | 'rate_limited' | 'unavailable';
  constructor(reason: SignInRefused['reason']) {
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
// decides. Other tabs follow it.
const HINT = 'signedIn';
/**
 * Where the id stands of whom this browser keeps drafts and unsent messages of. It outlives the session, which may only have
 * ended for a while.
 */
export const OWNER = 'owner';

/** Finds out whether this browser is signed in, and opens the client if so. */
export async function startSession(backend: Backend): Promise<void> {
  if (kept.backend !== undefined) return;
  kept.backend = backend;
  onLocalChange(HINT, followOtherTab);
  if (readLocal(HINT) === undefined) return sessionStore.set({ phase: 'signedOut', ended: false });
  try {
    const user = await backend.whoIsSignedIn();
    if (user === undefined) end();
    else await enter(backend, user);
  } catch {
    // Nobody answers: whoever was here before goes on with what this browser keeps, and the client tries again.
    open(backend);
  }
}

export async function signIn(name: string): Promise<void> {
  const backend = required();
  await enter(backend, await backend.signIn(name));
}

export async function rename(name: string): Promise<void> {
  const user = await required().signIn(name);
  // The session had ended unnoticed, so that this was no renaming: the page begins anew as the new one.
  if (user !== readLocal(OWNER)) location.reload();
}

/** Ends the sign-in and leaves nothing behind: the page begins anew. Rejects when nobody answers. */
export async function signOut(): Promise<void> {
  const session = sessionStore.get();
  const backend = required();
  await backend.signOut();
  writeLocal(OWNER, undefined);
  writeLocal(HINT, undefined);
  if (session.phase === 'signedIn') await session.client.stop();
  // The relay's answer has the browser clear its storage too, which may close the database under us.
  await backend.forget().catch(() => undefined);
  history.replaceState(null, '', location.pathname);
  location.reload();
}

/**
 * Opens the page for this user. What the browser keeps of somebody else is removed first, not kept apart: a guest is the
 * cookie and cannot come back as the same person, so nobody would ever send or see it again, and it would only lie on a
 * shared computer for whoever looks.
 */
async function enter(backend: Backend, user: string): Promise<void> {
  const former = readLocal(OWNER);
  if (former !== user) {
    // What cannot be removed stays unseen: the client shows a message to its author only.
    await backend.forget().catch(() => undefined);
    if (former !== undefined && isDirectPlace()) goTo({ at: 'home' }, { replace: true });
    writeLocal(OWNER, user);
  }
  open(backend);
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

/** Another tab signed in, signed out, or found the session at its end: what is true of one is true of all. */
function followOtherTab(): void {
  const session = sessionStore.get();
  if (readLocal(HINT) === undefined) {
    if (session.phase === 'signedIn') void leave(session.client);
  } else if (session.phase === 'signedOut') location.reload();
}

async function leave(client: ChatClient): Promise<void> {
  const isForgotten = readLocal(OWNER) === undefined;
  if (isForgotten) goTo({ at: 'home' }, { replace: true });
  end();
  await client.stop();
  // This tab may have written after the other one removed everything.
  if (isForgotten)
    await required()
      .forget()
      .catch(() => undefined);
}

function required(): Backend {
  if (kept.backend === undefined) throw new Error('startSession comes first');
  return kept.backend;
}
