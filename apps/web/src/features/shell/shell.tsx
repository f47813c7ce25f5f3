import { useLingui } from '@lingui/react/macro';
import { Suspense, useEffect } from 'react';
import { useChat } from '../../chat-client/hooks.ts';
import { useRoute } from '../../route.ts';
import { ConnectionBanner } from '../connection/connection-banner.tsx';
import { usePresenceStale } from '../connection/connection-words.ts';
import { ConversationPane } from '../conversation/conversation-pane.tsx';
import { DetailsPane, loadLater } from '../later.ts';
import { BrokenInvite, InviteArrival } from '../rooms/invite-arrival.tsx';
import { Arrival } from './arrival.tsx';
import { Announcer } from './announcer.tsx';
import { HomePane } from './home-pane.tsx';
import { Sidebar } from './sidebar.tsx';
import styles from './shell.module.css';
import { useDevice } from './use-device.ts';
import { useFocusKept } from './use-focus-kept.ts';
import { useTitle } from './use-title.ts';
import { useWatch } from './use-watch.ts';

/** The signed-in page. Nothing of it stands before the first welcome, which says who one is. */
export function Shell() {
  useDevice();
  useWatch();
  const isWelcome = useChat((chat) => chat.me !== undefined);
  return isWelcome ? <Rooms /> : <Arrival />;
}

/** People and conversations, one conversation, and its details when asked for. */
function Rooms() {
  const { t } = useLingui();
  const route = useRoute();
  useTitle();
  useFocusKept();
  useEffect(loadLater, []);
  const isStale = usePresenceStale();

  const details = route.at === 'conversation' && route.details;
  const pane = details ? 'details' : route.at === 'home' ? 'list' : 'conversation';
  return (
    <div className={styles.frame}>
      <div className={styles.shell} data-pane={pane} data-presence={isStale ? 'stale' : 'live'}>
        <nav className={styles.list} aria-label={t`Conversations and people`}>
          <Sidebar selected={route.at === 'conversation' ? route.id : undefined} />
        </nav>
        <main className={styles.main}>
          {route.at === 'conversation' ? (
            <ConversationPane key={route.id} id={route.id} detailsShown={details} />
          ) : route.at === 'invite' ? (
            <InviteArrival key={route.token} room={route.room} token={route.token} />
          ) : route.at === 'brokenInvite' ? (
            <BrokenInvite />
          ) : (
            <HomePane />
          )}
        </main>
        {details ? (
          <aside className={styles.details} aria-label={t`Details`}>
            <Suspense>
              <DetailsPane key={route.id} id={route.id} />
            </Suspense>
          </aside>
        ) : null}
      </div>
      <ConnectionBanner pane={pane} />
      <Announcer conversation={route.at === 'conversation' ? route.id : undefined} />
    </div>
  );
}
