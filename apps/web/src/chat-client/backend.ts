import { HttpRefusedError, createChatClient, indexedDbStorage, signIn, signOut, whoAmI } from '@parley/client';
import { forgetDrafts } from '../features/composer/drafts.ts';
import { type Backend, SignInRefused } from './session.ts';

// The page stands empty while it waits. Without an answer the client tries the socket, which has limits of its own.
const ANSWER_WITHIN_MS = 3_000;

const impatientFetch: typeof fetch = (address, init) =>
  fetch(address, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });

/** The relay that served this page. */
export function relayBackend(url: string): Backend {
  const storage = indexedDbStorage();
  return {
    whoIsSignedIn: async () => (await whoAmI(url, impatientFetch))?.id,
    async signIn(name) {
      try {
        return (await signIn(url, name)).id;
      } catch (cause) {
        throw cause instanceof HttpRefusedError ? refusalOf(cause) : cause;
      }
    },
    signOut: () => signOut(url),
    async forget() {
      forgetDrafts();
      await storage.clear();
    },
    open: () => createChatClient({ url, storage }),
  };
}

function refusalOf(cause: HttpRefusedError): Error {
  if (cause.code === 'invalid_name' || cause.code === 'rate_limited') return new SignInRefused(cause.code);
  // From a relay that cannot write now, or from a proxy that finds none.
  return cause.status >= 500 ? new SignInRefused('unavailable') : cause;
}
