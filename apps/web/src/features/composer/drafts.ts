import { useSyncExternalStore } from 'react';
import { OWNER } from '../../chat-client/session.ts';
import { clearLocal, clearTab, readLocal, readTab, writeLocal, writeTab } from '../../lib/local.ts';

// A crash loses at most this much typing.
const SAVE_MS = 250;
const PREFIX = 'draft.';
/** What was written last in any tab; a new tab, or a browser that comes back from a crash, begins with it. */
const key = (conversation: string): string => `${PREFIX}${conversation}`;
/**
 * What stands in this tab. A tab that was closed can be opened again after somebody else came, whose name then is another
 * one: the browser gives it back what it kept.
 */
const tabKey = (conversation: string): string => `${PREFIX}${readLocal(OWNER) ?? ''}.${conversation}`;

const drafts = new Map<string, string>();
/** What this tab wrote to the place of all tabs, or took from there: it alone is this tab's to remove. */
const shared = new Map<string, string>();
const listeners = new Set<() => void>();
const unsaved = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** What was begun and not sent in a conversation; empty for nothing. */
export function draftOf(conversation: string): string {
  let draft = drafts.get(conversation);
  if (draft === undefined) {
    draft = readTab(tabKey(conversation)) ?? readLocal(key(conversation)) ?? '';
    drafts.set(conversation, draft);
    shared.set(conversation, draft);
  }
  return draft;
}

/** Keeps a draft for this browser, over reloads and crashes. Composers of the conversation show it. */
export function setDraft(conversation: string, text: string): void {
  drafts.set(conversation, text);
  unsaved.add(conversation);
  timer ??= setTimeout(save, SAVE_MS);
  for (const listener of listeners) listener();
}

function save(): void {
  timer = undefined;
  for (const conversation of unsaved) {
    const draft = drafts.get(conversation) ?? '';
    writeTab(tabKey(conversation), draft === '' ? undefined : draft);
    if (draft !== '') writeLocal(key(conversation), draft);
    else if (readLocal(key(conversation)) === shared.get(conversation)) writeLocal(key(conversation), undefined);
    shared.set(conversation, draft);
  }
  unsaved.clear();
}

window.addEventListener('pagehide', save);

/** Forgets all drafts, also those that this page never showed and those it was about to keep. */
export function forgetDrafts(): void {
  clearTimeout(timer);
  timer = undefined;
  unsaved.clear();
  drafts.clear();
  shared.clear();
  clearLocal(PREFIX);
  clearTab(PREFIX);
}

export function subscribeDrafts(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useDraft(conversation: string): string {
  return useSyncExternalStore(subscribeDrafts, () => draftOf(conversation));
}
