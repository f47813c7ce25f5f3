import type { RoomListing } from '@parley/protocol';
import { Plural } from '@lingui/react/macro';
import { Avatar } from '../../components/avatar.tsx';
import { conversationHref } from '../../route.ts';
import { Row } from '../people/row.tsx';

/** A public room; picking one opens it, where it can be joined. */
export function RoomListingRow({ room, onPick }: { room: RoomListing; onPick?: () => void }) {
  return (
    <Row
      href={conversationHref(room.id)}
      avatar={<Avatar id={room.id} name={room.name} square />}
      title={<bdi>{room.name}</bdi>}
      line={<Plural value={room.memberCount} one="# member" other="# members" />}
      onPick={() => {
        rememberListing(room);
        onPick?.();
      }}
    />
  );
}

const listings = new Map<string, RoomListing>();

/** Keeps what a list said of a room, for the page that offers to join it. */
export function rememberListing(room: RoomListing): void {
  listings.set(room.id, room);
}

export const listingOf = (room: string): RoomListing | undefined => listings.get(room);
