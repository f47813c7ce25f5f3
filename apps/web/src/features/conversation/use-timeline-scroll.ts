import { type ReactVirtualizer, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { keepPlace, placeOf } from './scroll-memory.ts';
import { type TimelineRow, estimateHeight } from './timeline-rows.ts';

/** Closer to the end than this counts as being there. Pixels. */
const END_PX = 48;
/** Room above the oldest row, for the words about older ones. Pixels; as in timeline.module.css. */
export const HEAD_PX = 48;

export interface TimelineScroll {
  readonly virtualizer: ReactVirtualizer<HTMLDivElement, HTMLLIElement>;
  /** The view follows the end: new rows keep it there. */
  readonly pinned: boolean;
  readonly toEnd: () => void;
}

interface Options {
  conversation: string;
  rows: readonly TimelineRow[];
  /** Key of the row where one begins to read, when something is unread. */
  beginning: string | undefined;
  scroller: RefObject<HTMLDivElement | null>;
  /** Own messages that wait: one more of them means that something was just sent. */
  pendingCount: number;
}

/** The one owner of the scroll position: either pinned to the end, or anchored to what is being read. */
export function useTimelineScroll(options: Options): TimelineScroll {
  const { conversation, rows, scroller, pendingCount } = options;
  // Read once, when the conversation opens.
  const [opening] = useState(() => {
    const place = placeOf(conversation);
    const isUsable = place !== undefined && !place.pinned && place.firstKey === rows[0]?.key;
    return { place: isUsable ? place : undefined, beginning: isUsable ? undefined : options.beginning };
  });
  const pinnedRef = useRef(opening.place === undefined && opening.beginning === undefined);
  const [pinned, setPinned] = useState(pinnedRef.current);
  const pin = useCallback((next: boolean) => {
    pinnedRef.current = next;
    setPinned(next);
  }, []);

  const getItemKey = useCallback((at: number) => rows[at]?.key ?? at, [rows]);
  // The library changes its object in place; nothing here is memoised over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLLIElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => estimateHeight(rows[at]),
    getItemKey,
    anchorTo: 'end',
    scrollEndThreshold: END_PX,
    overscan: 10,
    paddingStart: HEAD_PX,
    paddingEnd: 16,
    directDomUpdates: true,
    ...(opening.place === undefined
      ? {}
      : { initialOffset: opening.place.offset, initialMeasurementsCache: opening.place.measurements }),
  });

  const toEnd = useCallback(() => {
    pin(true);
    virtualizer.scrollToEnd();
  }, [pin, virtualizer]);

  // What was just sent is wanted in view, wherever one was.
  const sentBefore = useRef(pendingCount);
  useLayoutEffect(() => {
    if (pendingCount > sentBefore.current) pin(true);
    sentBefore.current = pendingCount;
  }, [pendingCount, pin]);

  useLayoutEffect(() => {
    if (pinnedRef.current && rows.length > 0) virtualizer.scrollToEnd();
  }, [rows, virtualizer]);

  useBeginning({ beginning: opening.beginning, rows, scroller, virtualizer, pinned, pin });
  useFollow({ scroller, virtualizer, pinnedRef, pin });
  useKeepPlace({ conversation, rows, virtualizer, pinnedRef });
  return { virtualizer, pinned, toEnd };
}

interface FollowOptions {
  scroller: RefObject<HTMLDivElement | null>;
  virtualizer: TimelineScroll['virtualizer'];
  pinnedRef: RefObject<boolean>;
  pin: (pinned: boolean) => void;
}

interface BeginningOptions extends Omit<FollowOptions, 'pinnedRef'> {
  beginning: string | undefined;
  rows: readonly TimelineRow[];
  pinned: boolean;
}

/** How a person takes over the position. The bar is dragged with a pointer, too. */
const TAKES_OVER = ['wheel', 'touchstart', 'pointerdown', 'keydown'] as const;
/** The list gets to a row over some frames. Milliseconds. */
const OPENING_MS = 1_000;

/**
 * Opens the view where one begins to read. An older page that arrives while the list is still getting there gives the row
 * another index; afterwards the list keeps the place by itself.
 */
function useBeginning({ beginning, rows, scroller, virtualizer, pinned, pin }: BeginningOptions): void {
  const isThere = useRef(beginning === undefined);

  useLayoutEffect(() => {
    if (pinned) isThere.current = true;
    if (isThere.current) return;
    const at = rows.findIndex((row) => row.key === beginning);
    if (at !== -1) virtualizer.scrollToIndex(at, { align: 'start' });
    // What is new may fit into the view whole.
    if (virtualizer.isAtEnd(END_PX)) pin(true);
  }, [beginning, rows, virtualizer, pinned, pin]);

  useEffect(() => {
    const element = scroller.current;
    const end = () => {
      isThere.current = true;
    };
    const timer = setTimeout(end, OPENING_MS);
    for (const type of TAKES_OVER) element?.addEventListener(type, end, { passive: true });
    return () => {
      clearTimeout(timer);
      for (const type of TAKES_OVER) element?.removeEventListener(type, end);
    };
  }, [scroller]);
}

/** A person's scrolling decides whether the end is followed; a box that shrinks (keyboard, composer) keeps the end in view. */
function useFollow({ scroller, virtualizer, pinnedRef, pin }: FollowOptions): void {
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let height = element.clientHeight;
    const fromEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight;
    const onScroll = () => {
      if (element.clientHeight !== height) return;
      const atEnd = fromEnd() <= END_PX;
      if (atEnd !== pinnedRef.current) pin(atEnd);
    };
    const resized = new ResizeObserver(() => {
      height = element.clientHeight;
      if (pinnedRef.current) virtualizer.scrollToEnd();
    });
    element.addEventListener('scroll', onScroll, { passive: true });
    resized.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      resized.disconnect();
    };
  }, [scroller, virtualizer, pinnedRef, pin]);
}

interface KeepOptions {
  conversation: string;
  rows: readonly TimelineRow[];
  virtualizer: TimelineScroll['virtualizer'];
  pinnedRef: RefObject<boolean>;
}

function useKeepPlace({ conversation, rows, virtualizer, pinnedRef }: KeepOptions): void {
  const latest = useRef(rows);
  useLayoutEffect(() => {
    latest.current = rows;
  }, [rows]);
  useLayoutEffect(
    () => () =>
      keepPlace(conversation, {
        pinned: pinnedRef.current,
        offset: virtualizer.scrollOffset ?? 0,
        measurements: virtualizer.takeSnapshot(),
        firstKey: latest.current[0]?.key,
      }),
    [conversation, virtualizer, pinnedRef],
  );
}
