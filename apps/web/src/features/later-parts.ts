export { BrowseRoomsDialog } from './rooms/browse-rooms-dialog.tsx';
export { CreateRoomDialog } from './rooms/create-room-dialog.tsx';
export { DetailsPane } from './rooms/details-pane.tsx';
export { SettingsDialog } from './settings/settings-dialog.tsx';
