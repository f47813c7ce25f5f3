import './styles/layers.css';
import './styles/reset.css';
import './styles/tokens.css';
import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { type Backend, startSession } from './chat-client/session.ts';
import { firstLocale, showLocale } from './i18n/i18n.ts';
import { applyTheme } from './settings/preferences.ts';

/** Draws the page over a backend. The catalogue and the question who is signed in go out at the same time. */
export async function render(backend: Backend): Promise<void> {
  applyTheme();
  const started = startSession(backend);
  await showLocale(firstLocale());
  const root = document.getElementById('root');
  if (root === null) throw new Error('no #root');
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  await started;
}
