import { relayBackend } from './chat-client/backend.ts';
import { render } from './render.tsx';

await render(relayBackend(location.origin));
