import { I18nProvider } from '@lingui/react';
import { i18n } from '@lingui/core';
import { Trans, useLingui } from '@lingui/react/macro';
import { Suspense } from 'react';
import { ClientContext } from './chat-client/hooks.ts';
import { sessionStore } from './chat-client/session.ts';
import { Button } from './components/button.tsx';
import { EmptyState } from './components/empty-state.tsx';
import { ErrorBoundary } from './components/error-boundary.tsx';
import { Entry } from './features/entry/entry.tsx';
import { Asking } from './features/shell/arrival.tsx';
import { Shell } from './features/shell/shell.tsx';
import { useStore } from './lib/store.ts';

export function App() {
  const session = useStore(sessionStore);
  return (
    <I18nProvider i18n={i18n}>
      <ErrorBoundary fallback={<Broken />}>
        {session.phase === 'checking' ? <Asking /> : null}
        {session.phase === 'signedOut' ? <Entry ended={session.ended} /> : null}
        {session.phase === 'signedIn' ? (
          <ClientContext value={session.client}>
            <Suspense>
              <Shell />
            </Suspense>
          </ClientContext>
        ) : null}
      </ErrorBoundary>
    </I18nProvider>
  );
}

function Broken() {
  const { t } = useLingui();
  return (
    <main>
      <EmptyState title={t`This page got stuck`} text={t`Nothing that you wrote is lost. Reload to go on.`}>
        <Button kind="primary" onClick={() => location.reload()}>
          <Trans>Reload</Trans>
        </Button>
      </EmptyState>
    </main>
  );
}
