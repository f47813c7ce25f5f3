import { I18nProvider } from '@lingui/react';
import { i18n } from '@lingui/core';
import { ClientContext } from './chat-client/hooks.ts';
import { sessionStore } from './chat-client/session.ts';
import { Entry } from './features/entry/entry.tsx';
import { Shell } from './features/shell/shell.tsx';
import { useStore } from './lib/store.ts';

export function App() {
  const session = useStore(sessionStore);
  return (
    <I18nProvider i18n={i18n}>
      {session.phase === 'signedOut' ? <Entry ended={session.ended} /> : null}
      {session.phase === 'signedIn' ? (
        <ClientContext value={session.client}>
          <Shell />
        </ClientContext>
      ) : null}
    </I18nProvider>
  );
}
