import type { VirtualItem } from '@tanstack/react-virtual';

/** Where a conversation was left: at its end, or at an offset among rows of known heights. */
export interface ScrollPlace {
  readonly pinned: boolean;
  readonly offset: number;
  readonly measurements: VirtualItem[];
  /** First row then: with other rows on top the offset would mean another place. */
  readonly firstKey: string | undefined;
}

const places = new Map<string, ScrollPlace>();

export const placeOf = (conversation: string): ScrollPlace | undefined => places.get(conversation);

export function keepPlace(conversation: string, place: ScrollPlace): void {
  places.set(conversation, place);
}
