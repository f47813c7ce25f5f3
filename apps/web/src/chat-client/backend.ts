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
        if (cause instanceof HttpRefusedError && cause.code === 'invalid_name') throw new SignInRefused('invalid_name');
        if (cause instanceof HttpRefusedError && cause.code === 'rate_limited') throw new SignInRefused('rate_limited');
        throw cause;
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
