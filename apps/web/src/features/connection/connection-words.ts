import type { ConnectionState } from '@parley/client';
import { useChat } from '../../chat-client/hooks.ts';
import { createStore, useStore } from '../../lib/store.ts';
import { useEffect, useState } from 'react';

/** What the page says of the link. `calm` hides what heals within two seconds. */
export type LinkState = 'calm' | 'offline' | 'connecting' | 'reconnecting' | 'catchingUp' | 'stopped';

// What heals by itself faster than this is not worth a word.
export const QUIET_MS = 2_000;

const online = createStore(navigator.onLine);
window.addEventListener('online', () => online.set(true));
window.addEventListener('offline', () => online.set(false));

/** The truth about the link: derived from the connection's state and from what the browser knows of the network. */
export function useLinkState(connection: ConnectionState): LinkState {
  const browserOnline = useStore(online);
  const isUp = connection.status === 'online';
  const troubled = !isUp || !browserOnline;
  const [isLong, setLong] = useState(false);

  useEffect(() => {
    if (!troubled) return;
    const timer = setTimeout(() => setLong(true), QUIET_MS);
    return () => {
      clearTimeout(timer);
      setLong(false);
    };
  }, [troubled]);

  if (!troubled) return 'calm';
  if (connection.status === 'stopped') return 'stopped';
  if (!isLong) return 'calm';
  if (!browserOnline) return 'offline';
  if (connection.status === 'catchingUp') return 'catchingUp';
  return connection.status === 'waiting' || (connection.status === 'connecting' && connection.attempt > 0)
    ? 'reconnecting'
    : 'connecting';
}

/** Whole seconds until the next attempt, counted down; undefined while none is planned. */
export function useRetrySeconds(connection: ConnectionState): number | undefined {
  const endMs = connection.status === 'waiting' ? connection.sinceMs + connection.retryInMs : undefined;
  const [seconds, setSeconds] = useState<number>();
  useEffect(() => {
    if (endMs === undefined) return;
    const tick = () => setSeconds(Math.max(1, Math.ceil((endMs - performance.now()) / 1_000)));
    tick();
    const timer = setInterval(tick, 250);
    return () => {
      clearInterval(timer);
      setSeconds(undefined);
    };
  }, [endMs]);
  return seconds;
}

/** Whether what is said of others may be old: this page, its link or its node is cut off. */
export function usePresenceStale(): boolean {
  const connection = useChat((chat) => chat.connection);
  const isStale = useChat((chat) => chat.presenceStale);
  return useLinkState(connection) !== 'calm' || isStale;
}
