import { useLingui } from '@lingui/react/macro';
import { Search, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useChat } from '../../chat-client/hooks.ts';
import { listedConversations } from '../../chat-client/titles.ts';
import { IconButton } from '../../components/button.tsx';
import { SMALL_ICON } from '../../components/icon.ts';
import { isComposing } from '../../lib/keys.ts';
import { ConversationList } from '../people/conversation-list.tsx';
import { PeopleList } from '../people/people-list.tsx';
import { SearchResults } from '../people/search-results.tsx';
import { OwnRow } from './own-row.tsx';
import { moveFocus } from './move-focus.ts';
import styles from './sidebar.module.css';

/** Who I am, a way to find anybody, my conversations, and everybody who is here. */
export function Sidebar({ selected }: { selected: string | undefined }) {
  const { t } = useLingui();
  const [search, setSearch] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const isSearching = search.trim() !== '';
  // One place is marked once: where it is a conversation already, its row there has the mark.
  const isListed = useChat((chat) => selected !== undefined && listedConversations(chat).includes(selected));

  const clear = () => {
    setSearch('');
    input.current?.focus();
  };
  return (
    <div className={styles.sidebar}>
      <OwnRow />
      <div className={styles.search}>
        <Search {...SMALL_ICON} />
        <input
          ref={input}
          className={styles.input}
          type="text"
          role="searchbox"
          data-focus="search"
          aria-label={t`Find people and rooms`}
          placeholder={t`Find people and rooms`}
          value={search}
          autoComplete="off"
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape' && !isComposing(event) && search !== '') clear();
          }}
        />
        {search === '' ? null : (
          <IconButton className={styles.clear} label={t`Clear`} icon={<X {...SMALL_ICON} />} onClick={clear} />
        )}
      </div>
      <div className={styles.scroll} role="presentation" onKeyDown={moveFocus}>
        {isSearching ? (
          <SearchResults search={search.trim()} selected={selected} onPick={() => setSearch('')} />
        ) : (
          <>
            <ConversationList selected={selected} />
            <PeopleList selected={isListed ? undefined : selected} />
          </>
        )}
      </div>
    </div>
  );
}
