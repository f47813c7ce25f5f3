import { lazy } from 'react';

/**
 * Parts that nobody sees at first, in a chunk of their own. `loadLater` fetches it when the page stands, so that they are
 * there when asked for, also without a network.
 */
const parts = () => import('./later-parts.ts');

export const SettingsDialog = lazy(async () => ({ default: (await parts()).SettingsDialog }));
export const CreateRoomDialog = lazy(async () => ({ default: (await parts()).CreateRoomDialog }));
export const BrowseRoomsDialog = lazy(async () => ({ default: (await parts()).BrowseRoomsDialog }));
export const DetailsPane = lazy(async () => ({ default: (await parts()).DetailsPane }));

export function loadLater(): void {
  // A chunk that does not come now is asked for again when it is needed.
  parts().catch(() => undefined);
}
