import { lazy } from 'react';

/**
 * Parts that nobody sees at first, in chunks of their own. `loadLater` fetches them when the page has nothing better to do,
 * so that they are there when asked for, also without a network.
 */
const chunks = {
  settings: () => import('./settings/settings-dialog.tsx'),
  createRoom: () => import('./rooms/create-room-dialog.tsx'),
  browseRooms: () => import('./rooms/browse-rooms-dialog.tsx'),
  details: () => import('./rooms/details-pane.tsx'),
};

export const SettingsDialog = lazy(async () => ({ default: (await chunks.settings()).SettingsDialog }));
export const CreateRoomDialog = lazy(async () => ({ default: (await chunks.createRoom()).CreateRoomDialog }));
export const BrowseRoomsDialog = lazy(async () => ({ default: (await chunks.browseRooms()).BrowseRoomsDialog }));
export const DetailsPane = lazy(async () => ({ default: (await chunks.details()).DetailsPane }));

export function loadLater(): void {
  // A chunk that does not come now is asked for again when it is needed.
  void Promise.allSettled(Object.values(chunks).map((load) => load()));
}
