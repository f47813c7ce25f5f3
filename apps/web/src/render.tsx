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

/** A new build may just have replaced the files this page asks for, or the network is gone: the page is fetched anew. */
const RELOAD_AFTER_MS = 3_000;
// No language could be loaded, so it is said in all of them.
const UNLOADED = [
  ['en', 'Parley cannot be loaded right now. Trying again …'],
  ['zh-CN', 'Parley 暂时无法加载，正在重试…'],
  ['zh-TW', 'Parley 暫時無法載入，正在重試…'],
] as const;

function tellUnloaded(root: HTMLElement): void {
  const lines = UNLOADED.map(([lang, text]) => {
    const line = document.createElement('p');
    line.lang = lang;
    line.textContent = text;
    return line;
  });
  root.setAttribute('role', 'alert');
  root.classList.add('unloaded');
  root.replaceChildren(...lines);
  setTimeout(() => location.reload(), RELOAD_AFTER_MS);
}

/** Draws the page over a backend. The catalogue and the question who is signed in go out at the same time. */
export async function render(backend: Backend): Promise<void> {
  applyTheme();
  const started = startSession(backend);
  const root = document.getElementById('root');
  if (root === null) throw new Error('no #root');
  try {
    await showLocale(firstLocale());
  } catch {
    tellUnloaded(root);
    return;
  }
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
  await started;
}
